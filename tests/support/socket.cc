#include "tests/support/socket.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ficus::tests {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor bind_loopback(std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw_errno("socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = loopback(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw_errno("bind to 127.0.0.1:" + std::to_string(port));
  }
  return fd;
}

}  // namespace

void Descriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

ReservedPort::ReservedPort() : socket_(bind_loopback(0)) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_errno("getsockname");
  }
  port_ = ntohs(address.sin_port);
}

Descriptor ReservedPort::listen() const {
  Descriptor fd = bind_loopback(port_);
  if (::listen(fd.get(), 1024) != 0) throw_errno("listen");
  return fd;
}

bool wait_for(int fd, Readiness readiness, const Deadline& deadline, int wake) {
  while (true) {
    const auto events = static_cast<short>(readiness == Readiness::read ? POLLIN : POLLOUT);
    std::array<pollfd, 2> polled{pollfd{fd, events, 0}, pollfd{wake, POLLIN, 0}};
    const int ready = ::poll(polled.data(), polled.size(), deadline.left());
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || polled[1].revents != 0) return false;
    return true;
  }
}

Descriptor connect_to_loopback(std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw_errno("socket");
  const sockaddr_in address = loopback(port);
  // Blocking: on the loopback the answer, or the refusal, is immediate.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw_errno("connect to 127.0.0.1:" + std::to_string(port));
  }
  send_at_once(fd.get());
  return fd;
}

void reset_on_close(int fd) {
  const linger abort{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void throw_errno(const std::string& what) {
  throw HarnessError(what + ": " + std::strerror(errno));
}

std::string printable(std::string_view bytes) {
  constexpr std::size_t kShown = 400;
  std::string text;
  for (const char byte : bytes.substr(0, kShown)) {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\n') {
      text += "\\n";
    } else if (value < 0x20 || value > 0x7e) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      text += {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
    } else {
      text += byte;
    }
  }
  if (bytes.size() > kShown) text += "… (" + std::to_string(bytes.size()) + " bytes)";
  return '"' + text + '"';
}

}  // namespace ficus::tests
