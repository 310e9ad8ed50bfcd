#include "control/log/access_log_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace ficus::control {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kTellDropsEvery{10};
constexpr std::chrono::seconds kLongestSwitch{1};

std::uint64_t lines_in(std::string_view bytes) {
  return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace

AccessLogWriter::AccessLogWriter(Log& log, std::vector<proxy::AccessLog*> sources)
    : log_(log), sources_(std::move(sources)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

AccessLogWriter::~AccessLogWriter() { stop(); }

void AccessLogWriter::use(LogFile file) {
  std::unique_lock lock(mutex_);
  orders_.file = std::move(file);
  switched_ = false;
  if (!thread_.joinable()) {
    thread_ = std::thread([this] {
      const proxy::ThreadClock::Running running(cpu_);
      ::pthread_setname_np(::pthread_self(), "ficus-log");
      run();
    });
  }
  wake();
  switch_done_.wait_for(lock, kLongestSwitch, [this] { return switched_; });
}

void AccessLogWriter::reopen() {
  const std::lock_guard lock(mutex_);
  orders_.reopen = true;
  wake();
}

void AccessLogWriter::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    orders_.stop = true;
    thread = std::move(thread_);
    wake();
  }
  if (thread.joinable()) thread.join();
}

std::uint64_t AccessLogWriter::dropped() const {
  std::uint64_t total = 0;
  for (const proxy::AccessLog* source : sources_) total += source->dropped();
  return total;
}

void AccessLogWriter::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

AccessLogWriter::Orders AccessLogWriter::take_orders() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  Orders taken = std::exchange(orders_, Orders{});
  return taken;
}

void AccessLogWriter::run() {
  for (;;) {
    Orders orders = take_orders();
    const Drained drained = file_ ? drain() : Drained::all;
    tell_drops();
    if (orders.file) {
      switch_to(std::move(*orders.file));
      const std::lock_guard lock(mutex_);
      switched_ = true;
      switch_done_.notify_all();
    }
    if (orders.reopen && file_) open_anew();
    if (orders.stop) return finish();
    wait(drained);
  }
}

// Until a ring is half full, an order comes, or a moment has passed. A destination that failed is
// tried again only then; one that waits for its reader, when that has read.
void AccessLogWriter::wait(Drained last) {
  std::vector<pollfd> watched{{wake_.get(), POLLIN, 0}};
  if (last == Drained::all) {
    for (proxy::AccessLog* source : sources_) {
      watched.push_back({source->ring().wake_descriptor(), POLLIN, 0});
    }
  } else if (last == Drained::blocked) {
    watched.push_back({file_->descriptor(), POLLOUT, 0});
  }
  ::poll(watched.data(), watched.size(), static_cast<int>(kPause.count()));
}

// A line that was begun is finished before another source's.
AccessLogWriter::Drained AccessLogWriter::drain() {
  if (torn_) {
    if (const Drained drained = drain(*torn_); drained != Drained::all) return drained;
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (const Drained drained = drain(i); drained != Drained::all) return drained;
  }
  return Drained::all;
}

// What was there when it began, and a little more: a busy worker does not keep it from the others.
AccessLogWriter::Drained AccessLogWriter::drain(std::size_t source) {
  proxy::LogRing& ring = sources_[source]->ring();
  ring.rest();
  for (std::size_t taken = 0; torn_ || taken < proxy::LogRing::kDefaultSize;) {
    const std::string_view bytes = ring.front();
    if (bytes.empty()) break;
    const ssize_t written = file_->write(bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return Drained::blocked;
      note_failure(errno);
      return Drained::failed;
    }
    const auto size = static_cast<std::size_t>(written);
    taken += size;
    torn_.reset();
    if (size > 0 && bytes[size - 1] != '\n') torn_ = source;
    ring.consume(size);
    if (size > 0) note_success();
  }
  return Drained::all;
}

void AccessLogWriter::open_anew() {
  auto opened = LogFile::open(file_->path());
  if (auto* problem = std::get_if<std::string>(&opened)) {
    return log_.error("access log: " + *problem + "; the file before stays in use");
  }
  switch_to(std::move(std::get<LogFile>(opened)));
  log_.info("access log opened anew: " + file_->path());
}

void AccessLogWriter::switch_to(LogFile file) {
  if (file_) {
    drain();
    give_up_torn_line();
  }
  file_ = std::move(file);
  failing_ = false;
}

// The new file must not begin with the end of a line. Lines never wrap around in a ring.
void AccessLogWriter::give_up_torn_line() {
  if (!torn_) return;
  proxy::AccessLog& source = *sources_[*torn_];
  const std::string_view bytes = source.ring().front();
  source.ring().consume(std::min(bytes.find('\n') + 1, bytes.size()));
  source.give_up(1);
  torn_.reset();
}

void AccessLogWriter::finish() {
  if (!file_) return;
  const auto until = steady_clock::now() + kLastPatience;
  Drained last = drain();
  while (last == Drained::blocked && steady_clock::now() < until) {
    wait(last);
    last = drain();
  }
  if (last != Drained::all) give_up_all();
}

void AccessLogWriter::give_up_all() {
  std::uint64_t lost = 0;
  for (proxy::AccessLog* source : sources_) {
    std::uint64_t lines = 0;
    for (std::string_view bytes = source->ring().front(); !bytes.empty();
         bytes = source->ring().front()) {
      lines += lines_in(bytes);
      source->ring().consume(bytes.size());
    }
    source->give_up(lines);
    lost += lines;
  }
  log_.warning("access log " + file_->path() + ": the last " + std::to_string(lost) +
               " lines could not be written");
}

void AccessLogWriter::note_failure(int error) {
  if (std::exchange(failing_, true)) return;
  log_.error("access log " + file_->path() + " cannot be written: " + std::strerror(error) +
             "; lines wait in memory and are dropped once it is full; tried again all the time");
}

void AccessLogWriter::note_success() {
  if (!std::exchange(failing_, false)) return;
  log_.info("access log " + file_->path() + " is written again; " +
            std::to_string(dropped() - dropped_told_) + " lines were dropped since last told");
  dropped_told_ = dropped();
}

void AccessLogWriter::tell_drops() {
  const std::uint64_t total = dropped();
  const auto now = steady_clock::now();
  if (failing_ || total == dropped_told_ || now - told_at_ < kTellDropsEvery || !file_) return;
  log_.warning("access log " + file_->path() + ": " + std::to_string(total - dropped_told_) +
               " lines dropped, because they come faster than they can be written");
  dropped_told_ = total;
  told_at_ = now;
}

}  // namespace ficus::control
