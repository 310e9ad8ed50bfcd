#include "loadtests/support/bench_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace ficus::loadtests {
namespace {

constexpr std::size_t kChunk = 4096;

std::uint64_t number_after(std::string_view text, std::string_view prefix) {
  std::uint64_t value = 0;
  text.remove_prefix(prefix.size());
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

BackendBehaviour::Mode mode_named(std::string_view name) {
  if (name == "error") return BackendBehaviour::Mode::error;
  if (name == "hang") return BackendBehaviour::Mode::hang;
  if (name == "reset") return BackendBehaviour::Mode::reset;
  return BackendBehaviour::Mode::serve;
}

}  // namespace

struct BenchBackend::Connection {
  explicit Connection(int descriptor) : fd(descriptor) {}

  Descriptor fd;
  MessageReader reader{MessageReader::Kind::request};
  std::string out;
  std::size_t out_at = 0;
  std::uint64_t stream_at = 0;
  std::uint64_t stream_end = 0;
  std::uint64_t read_since_pause = 0;
  std::uint64_t resume_at = 0;  // 0: not paused
  std::uint32_t watched = EPOLLIN;
  bool intact = true;
  bool close_after = false;
  bool told_continue = false;
  bool hanging = false;
};

BenchBackend::BenchBackend(std::string name, const Target& at, const BackendBehaviour& behaviour)
    : name_(std::move(name)),
      behaviour_(behaviour),
      listener_(listen_on_loopback(at)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(256 * 1024) {
  rebuild_answer();
  epoll_event event{EPOLLIN, {nullptr}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event);
}

BenchBackend::~BenchBackend() = default;

std::uint16_t BenchBackend::port() const { return local_port(listener_.get()); }

void BenchBackend::run(const volatile bool& stop) {
  std::array<epoll_event, 512> events;
  while (!stop) {
    const int timeout = paused_ == 0 ? 200 : 1;
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        accept_all();
      } else {
        on_event(*static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
    if (paused_ != 0) resume_paused();
  }
}

void BenchBackend::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(fd);
    Connection& added = *connection;
    added.reader.set_body_sink([this, &added](std::uint64_t offset, std::string_view piece) {
      if (added.reader.target().starts_with("/upload")) {
        added.intact = added.intact && pattern_.matches(offset, piece);
      }
    });
    epoll_event event{EPOLLIN, {&added}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    connections_[fd] = std::move(connection);
  }
}

// May destroy the connection; the caller must not touch it afterwards. Events of a descriptor that
// was closed in the same turn cannot occur: each connection has one event a turn.
void BenchBackend::on_event(Connection& connection, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close(connection);
  if ((events & EPOLLOUT) != 0) return send_more(connection);
  if ((events & EPOLLIN) != 0) on_readable(connection);
}

void BenchBackend::on_readable(Connection& connection) {
  const ssize_t size = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return close(connection);
  if (connection.hanging) return;
  const std::string_view data(buffer_.data(), static_cast<std::size_t>(size));
  const std::size_t taken = connection.reader.feed(data);
  MessageReader& reader = connection.reader;
  // The load side has one request outstanding a connection; more bytes are a fault of the proxy.
  if (reader.bad() || taken < data.size()) return close(connection);
  if (reader.done()) return answer(connection);
  if (reader.head_complete() && reader.expects_continue() && !connection.told_continue) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    connection.told_continue = true;
    ::send(connection.fd.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  }
  connection.read_since_pause += data.size();
  if (behaviour_.read_pause != 0 && connection.read_since_pause >= 256 * 1024) {
    connection.read_since_pause = 0;
    connection.resume_at =
        monotonic_nanoseconds() + std::uint64_t{behaviour_.read_pause} * 1'000'000u;
    ++paused_;
    watch(connection, 0);
  }
}

void BenchBackend::resume_paused() {
  const std::uint64_t now = monotonic_nanoseconds();
  for (auto& [fd, connection] : connections_) {
    if (connection->resume_at == 0 || connection->resume_at > now) continue;
    connection->resume_at = 0;
    --paused_;
    watch(*connection, EPOLLIN);
  }
}

bool BenchBackend::misbehave(Connection& connection) {
  if (behaviour_.mode == BackendBehaviour::Mode::serve) return false;
  draw_ = (draw_ + 37) % 100;  // 37 is prime to 100: every hundred requests hold exactly `percent`
  if (draw_ >= behaviour_.percent) return false;
  switch (behaviour_.mode) {
    case BackendBehaviour::Mode::hang:
      connection.hanging = true;
      return true;
    case BackendBehaviour::Mode::reset:
      reset_connection(connection.fd);
      close(connection);
      return true;
    default:
      answer_with(connection, head(500, 6) + "broken");
      return true;
  }
}

void BenchBackend::answer(Connection& connection) {
  const std::string_view target = connection.reader.target();
  connection.close_after = !connection.reader.keep_alive();
  if (target.starts_with("/_control?")) {
    apply_control(target.substr(10));
    const std::string body = std::to_string(requests_) + "\n";
    return answer_with(connection, head(200, body.size()) + body);
  }
  ++requests_;
  if (misbehave(connection)) return;
  if (target.starts_with("/bytes/")) {
    connection.stream_at = 0;
    connection.stream_end = number_after(target, "/bytes/");
    return answer_with(connection, head(200, connection.stream_end));
  }
  if (target.starts_with("/upload")) {
    const std::string body = "{\"bytes\":" + std::to_string(connection.reader.body_bytes()) +
                             ",\"intact\":" + (connection.intact ? "true" : "false") + "}";
    connection.intact = true;
    return answer_with(connection, head(200, body.size()) + body);
  }
  const std::string& text = answer_;
  const ssize_t size = ::send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  const std::size_t written = size < 0 ? 0 : static_cast<std::size_t>(size);
  if (written < text.size()) return answer_with(connection, text.substr(written));
  if (connection.close_after) return close(connection);
  connection.reader.start();
}

void BenchBackend::answer_with(Connection& connection, std::string&& text) {
  connection.out = std::move(text);
  connection.out_at = 0;
  send_more(connection);
}

void BenchBackend::send_more(Connection& connection) {
  for (;;) {
    std::string_view piece = std::string_view(connection.out).substr(connection.out_at);
    const bool from_stream = piece.empty();
    if (from_stream) {
      const std::uint64_t left = connection.stream_end - connection.stream_at;
      piece = pattern_.at(connection.stream_at,
                          static_cast<std::size_t>(std::min<std::uint64_t>(left, 256 * 1024)));
    }
    if (piece.empty()) break;
    const ssize_t size = ::send(connection.fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) return watch(connection, EPOLLOUT);
    if (size < 0) return close(connection);
    if (from_stream) {
      connection.stream_at += static_cast<std::uint64_t>(size);
    } else {
      connection.out_at += static_cast<std::size_t>(size);
    }
  }
  if (connection.close_after) return close(connection);
  connection.out.clear();
  connection.out_at = 0;
  connection.stream_at = connection.stream_end = 0;
  connection.told_continue = false;
  connection.reader.start();
  watch(connection, EPOLLIN);
}

void BenchBackend::apply_control(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view key = pair.substr(0, pair.find('='));
    const std::string_view value = pair.substr(std::min(pair.size(), key.size() + 1));
    if (key == "mode") behaviour_.mode = mode_named(value);
    if (key == "percent") behaviour_.percent = static_cast<unsigned>(number_after(value, ""));
    if (key == "size") behaviour_.size = number_after(value, "");
    if (key == "chunked") behaviour_.chunked = value == "1";
    if (key == "read_pause") behaviour_.read_pause = static_cast<unsigned>(number_after(value, ""));
  }
  rebuild_answer();
}

std::string BenchBackend::head(int status, std::uint64_t length) const {
  return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Internal Server Error") +
         "\r\nServer: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain" +
         "\r\nCache-Control: no-store\r\nETag: \"4f1c0d7a\"\r\nX-Backend: " + name_ +
         "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

void BenchBackend::rebuild_answer() {
  answer_ = head(200, behaviour_.size);
  if (behaviour_.chunked) {
    answer_.erase(answer_.find("Content-Length"));
    answer_ += "Transfer-Encoding: chunked\r\n\r\n";
  }
  std::uint64_t at = 0;
  while (at < behaviour_.size) {
    const std::size_t left = behaviour_.size - static_cast<std::size_t>(at);
    const std::string_view piece =
        pattern_.at(at, behaviour_.chunked ? std::min(left, kChunk) : left);
    char line[24] = "";
    if (behaviour_.chunked) std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    answer_.append(line).append(piece).append(behaviour_.chunked ? "\r\n" : "");
    at += piece.size();
  }
  if (behaviour_.chunked) answer_ += "0\r\n\r\n";
}

void BenchBackend::watch(Connection& connection, std::uint32_t events) {
  if (connection.watched == events) return;
  connection.watched = events;
  epoll_event event{events, {&connection}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
}

void BenchBackend::close(Connection& connection) {
  if (connection.resume_at != 0) --paused_;
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
    return entry.second.get() == &connection;
  });
  connections_.erase(found);
}

}  // namespace ficus::loadtests
