#include "tests/support/http_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/http_message.h"

namespace ficus::tests {
namespace {

void watch(int epoll, int operation, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) throw_errno("epoll_ctl");
}

// The length of the first whole request in `bytes`, 0 if there is none yet. A request without a
// body, the usual one, costs one search.
std::size_t first_request(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  if (bytes.starts_with("GET ") || bytes.starts_with("HEAD ")) return end + 4;
  std::string rest = bytes;
  const auto message = HttpReader(MessageKind::request).take(rest);
  return message ? message->raw.size() : 0;
}

}  // namespace

HttpBackend::HttpBackend(std::string name) : name_(std::move(name)) { start(); }

HttpBackend::~HttpBackend() { stop(); }

std::string HttpBackend::last_request() const {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

bool HttpBackend::wait_for_requests(std::uint64_t count, milliseconds patience) const {
  return eventually([&] { return requests_ >= count; }, patience);
}

void HttpBackend::start() {
  if (thread_.joinable()) return;
  epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  listener_ = reserved_.listen();
  watch(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), EPOLLIN);
  watch(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
  thread_ = std::thread([this] { loop(); });
}

void HttpBackend::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof(one)) < 0) throw_errno("eventfd");
  thread_.join();
  listener_.close();
  for (const auto& [fd, connection] : open_) reset_on_close(fd);
  open_.clear();
}

void HttpBackend::loop() {
  std::array<epoll_event, 128> events;
  while (true) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), next_timeout());
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wake_.get()) return;
      if (event.data.fd == listener_.get()) {
        accept_all();
      } else {
        on_ready(event.data.fd, event.events);
      }
    }
    serve_due();
  }
}

void HttpBackend::accept_all() {
  while (true) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    const int fd = socket.get();
    send_at_once(fd);
    watch(epoll_.get(), EPOLL_CTL_ADD, fd, EPOLLIN);
    open_[fd].socket = std::move(socket);
    ++connections_;
  }
}

void HttpBackend::on_ready(int fd, std::uint32_t events) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return;
  Connection& connection = found->second;
  bool alive = true;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (count > 0) {
      connection.in.append(bytes.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      alive = false;
    }
  }
  if (!alive || !serve(connection) || !flush(connection)) open_.erase(found);
}

bool HttpBackend::serve(Connection& connection) {
  while (!connection.waiting && !connection.close_after_write) {
    const std::size_t size = first_request(connection.in);
    if (size == 0) return true;
    const std::string request = connection.in.substr(0, size);
    connection.in.erase(0, size);
    ++requests_;
    if (request.starts_with("GET ")) ++gets_;
    if (request.starts_with("POST ")) ++posts_;
    {
      const std::lock_guard lock(mutex_);
      last_request_ = request;
    }
    if (!answer(connection, request)) return false;
  }
  return true;
}

bool HttpBackend::answer(Connection& connection, const std::string& request) {
  switch (mode_.load()) {
    case BackendMode::ok:
    case BackendMode::failing:
      connection.out += response_to(request);
      break;
    case BackendMode::hanging:
      connection.waiting = true;
      connection.due = Clock::time_point::max();
      return true;
    case BackendMode::resetting:
      reset_on_close(connection.socket.get());
      return false;
    case BackendMode::closing:
      return false;
    case BackendMode::cutting_the_body:
      connection.out += response_to(request);
      connection.out.resize(connection.out.size() - name_.size() / 2 - 1);
      connection.close_after_write = true;
      break;
    case BackendMode::not_http:
      connection.out += "SSH-2.0-OpenSSH_9.2\r\n";
      connection.close_after_write = true;
      break;
  }
  if (delay_.load() > milliseconds(0)) {
    connection.waiting = true;
    connection.due = Clock::now() + delay_.load();
    delays_ = true;
  }
  return true;
}

std::string HttpBackend::response_to(const std::string& request) const {
  const int status = mode_ == BackendMode::failing ? status_.load() : 200;
  std::string body = echo_ ? request : name_;
  if (body.size() < body_size_) body.resize(body_size_, '.');
  std::string response = "HTTP/1.1 " + std::to_string(status) +
                         (status == 200 ? " OK" : " Failed") +
                         "\r\nContent-Type: text/plain\r\nX-Backend: " + name_ +
                         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  if (!request.starts_with("HEAD ")) response += body;
  return response;
}

// Writes what fits; waits for room if not all did.
bool HttpBackend::flush(Connection& connection) {
  if (connection.waiting && connection.due != Clock::time_point::max()) return true;
  const int fd = connection.socket.get();
  while (!connection.out.empty()) {
    const ssize_t count =
        ::send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
      watch(epoll_.get(), EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
      connection.waiting_for_room = true;
      return true;
    }
    if (count <= 0) return false;
    connection.out.erase(0, static_cast<std::size_t>(count));
  }
  if (connection.waiting_for_room) watch(epoll_.get(), EPOLL_CTL_MOD, fd, EPOLLIN);
  connection.waiting_for_room = false;
  return !connection.close_after_write;
}

void HttpBackend::serve_due() {
  if (!delays_) return;
  const auto now = Clock::now();
  for (auto at = open_.begin(); at != open_.end();) {
    Connection& connection = at->second;
    bool alive = true;
    if (connection.waiting && connection.due <= now) {
      connection.waiting = false;
      alive = flush(connection) && serve(connection) && flush(connection);
    }
    at = alive ? std::next(at) : open_.erase(at);
  }
}

int HttpBackend::next_timeout() const {
  auto earliest = Clock::time_point::max();
  if (!delays_) return -1;
  for (const auto& [fd, connection] : open_) {
    if (connection.waiting) earliest = std::min(earliest, connection.due);
  }
  if (earliest == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(earliest - Clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

}  // namespace ficus::tests
