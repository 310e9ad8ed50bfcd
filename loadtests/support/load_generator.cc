#include "loadtests/support/load_generator.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace ficus::loadtests {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kHousekeeping = kSecond / 20;
constexpr std::uint64_t kRefusalsInARow = 2'000;  // the proxy is gone: no endless loop

}  // namespace

struct LoadGenerator::Connection {
  Descriptor fd;
  unsigned source = 0;
  MessageReader reader{MessageReader::Kind::response};
  std::string unsent;
  std::size_t method = 0;
  std::size_t user = 0;
  std::uint64_t due = 0;
  std::uint64_t sent = 0;
  std::uint32_t watched = 0;
  bool connecting = false;
  bool waiting = false;  // for an answer
};

LoadGenerator::LoadGenerator(const LoadOptions& options)
    : options_(options),
      source_(options.shape),
      report_(options.shape.methods, options.shape.users),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      buffer_(256 * 1024) {
  for (unsigned i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    if (options_.sources != 0) connections_.back()->source = 1 + i % options_.sources;
  }
}

LoadGenerator::~LoadGenerator() = default;

LoadReport LoadGenerator::run(const volatile bool& stop) {
  epoll_event timer{EPOLLIN, {nullptr}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &timer);
  now_ = started_ = last_housekeeping_ = last_report_ = monotonic_nanoseconds();
  for (auto& connection : connections_) open(*connection);
  if (options_.rate > 0) arm_timer();
  std::array<epoll_event, 512> events;
  while (!finished()) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 20);
    now_ = monotonic_nanoseconds();
    stopping_ = stopping_ || stop ||
                (options_.seconds > 0 &&
                 now_ - started_ >= static_cast<std::uint64_t>(options_.seconds * 1e9));
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto size = ::read(timer_.get(), &expirations, sizeof expirations);
        send_due();
        arm_timer();
      } else {
        on_event(*static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
    if (now_ - last_housekeeping_ >= kHousekeeping) housekeeping();
  }
  report_.set_span(started_, monotonic_nanoseconds());
  return report_;
}

bool LoadGenerator::may_send() const {
  return !stopping_ && (options_.requests == 0 || report_.sent() < options_.requests);
}

bool LoadGenerator::finished() const {
  return (outstanding_ == 0 && !may_send()) || refused_ >= kRefusalsInARow;
}

void LoadGenerator::open(Connection& connection) {
  connection.fd = connect_to(options_.target, connection.source);
  connection.connecting = true;
  connection.waiting = false;
  connection.unsent.clear();
  connection.reader.start();
  if (!connection.fd.open()) {
    ++refused_;
    return;  // housekeeping tries again
  }
  connection.watched = EPOLLIN | EPOLLOUT;
  epoll_event event{connection.watched, {&connection}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd.get(), &event);
}

void LoadGenerator::watch(Connection& connection, std::uint32_t events) {
  if (connection.watched == events) return;
  connection.watched = events;
  epoll_event event{events, {&connection}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
}

void LoadGenerator::on_event(Connection& connection, std::uint32_t events) {
  if (!connection.fd.open()) return;
  if (connection.connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      ++refused_;
      connection.fd.reset();
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    refused_ = 0;
    connection.connecting = false;
    watch(connection, EPOLLIN);
    make_idle(connection);
    return;
  }
  if ((events & EPOLLOUT) != 0) flush(connection);
  if (connection.fd.open() && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
    on_readable(connection);
}

void LoadGenerator::make_idle(Connection& connection) {
  if (options_.rate > 0) {
    idle_.push_back(&connection);
    send_due();
  } else if (may_send()) {
    send_next(connection, now_);
  }
}

void LoadGenerator::send_due() {
  while (!idle_.empty() && may_send()) {
    const auto due = started_ + static_cast<std::uint64_t>(static_cast<double>(due_count_) * 1e9 /
                                                           options_.rate);
    if (due > now_) return;
    Connection& connection = *idle_.front();
    idle_.pop_front();
    if (!connection.fd.open() || connection.connecting || connection.waiting) continue;
    ++due_count_;
    send_next(connection, due);
  }
}

void LoadGenerator::arm_timer() {
  const auto due =
      started_ + static_cast<std::uint64_t>(static_cast<double>(due_count_) * 1e9 / options_.rate);
  // Without an idle connection the next answer sends what is due: no timer that spins.
  const std::uint64_t at = due > now_ ? due : now_ + kSecond / 1000;
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(at / kSecond);
  when.it_value.tv_nsec = static_cast<long>(at % kSecond);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void LoadGenerator::send_next(Connection& connection, std::uint64_t due) {
  const RequestSource::Next next = source_.write(scratch_);
  connection.method = next.method;
  connection.user = next.user;
  connection.due = due;
  connection.sent = monotonic_nanoseconds();
  connection.waiting = true;
  connection.reader.start(source_.method(next.method));
  report_.count_sent();
  ++outstanding_;
  const ssize_t size = ::send(connection.fd.get(), scratch_.data(), scratch_.size(), MSG_NOSIGNAL);
  const std::size_t written = size < 0 ? 0 : static_cast<std::size_t>(size);
  if (size < 0 && errno != EAGAIN) return;  // the read that follows tells how it ended
  if (written < scratch_.size()) {
    connection.unsent.assign(scratch_, written);
    watch(connection, EPOLLIN | EPOLLOUT);
  }
}

void LoadGenerator::flush(Connection& connection) {
  const std::string& rest = connection.unsent;
  const ssize_t size =
      rest.empty() ? 0 : ::send(connection.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (size > 0) connection.unsent.erase(0, static_cast<std::size_t>(size));
  if (connection.unsent.empty()) watch(connection, EPOLLIN);
}

void LoadGenerator::on_readable(Connection& connection) {
  const ssize_t size = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) {
    if (size == 0) connection.reader.close();
    if (size == 0 && connection.waiting && connection.reader.done()) return finish(connection);
    return lose(connection, size < 0 ? "reset" : "closed");
  }
  const std::string_view data(buffer_.data(), static_cast<std::size_t>(size));
  if (!connection.waiting) return lose(connection, "unasked");
  const std::size_t taken = connection.reader.feed(data);
  if (connection.reader.bad()) return lose(connection, "malformed");
  if (!connection.reader.done()) return;
  if (taken < data.size()) return lose(connection, "surplus");
  finish(connection);
}

void LoadGenerator::finish(Connection& connection) {
  const std::uint64_t now = monotonic_nanoseconds();
  const MessageReader& reader = connection.reader;
  const std::size_t backend = report_.backend_number(reader.header("X-Backend"));
  report_.count_answer(connection.method, backend, reader.status());
  report_.count_body(reader.body_bytes());
  report_.record_latency(now - connection.due);
  if (options_.shape.users != 0) report_.count_user(connection.user, backend);
  if (reader.status() >= 400) {
    report_.count_failure(
        {connection.sent, now, connection.method, backend, reader.status(), "status"});
  }
  connection.waiting = false;
  --outstanding_;
  if (reader.keep_alive()) {
    make_idle(connection);
  } else {
    report_.count_closed();
    connection.fd.reset();
    if (may_send()) open(connection);
  }
}

void LoadGenerator::lose(Connection& connection, const char* kind) {
  if (connection.waiting) {
    report_.count_failure(
        {connection.sent, monotonic_nanoseconds(), connection.method, 0, 0, kind});
    connection.waiting = false;
    --outstanding_;
  }
  report_.count_closed();
  connection.fd.reset();
  if (may_send()) open(connection);
}

void LoadGenerator::housekeeping() {
  last_housekeeping_ = now_;
  const auto limit = static_cast<std::uint64_t>(options_.timeout * 1e9);
  for (auto& connection : connections_) {
    if (connection->waiting && now_ - connection->sent > limit && now_ > connection->sent) {
      lose(*connection, "timeout");
    } else if (!connection->fd.open() && may_send()) {
      open(*connection);
    }
  }
  if (options_.report_every > 0 &&
      now_ - last_report_ >= static_cast<std::uint64_t>(options_.report_every * 1e9)) {
    last_report_ = now_;
    std::printf("%s\n", report_.progress_json().c_str());
    std::fflush(stdout);
  }
}

}  // namespace ficus::loadtests
