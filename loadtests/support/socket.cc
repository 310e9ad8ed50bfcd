#include "loadtests/support/socket.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace ficus::loadtests {
namespace {

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(2);
}

Descriptor listen_on_loopback(const Target& at) {
  sockaddr_in address = address_of(0, at.port);
  if (!at.host.starts_with("127.") ||
      ::inet_pton(AF_INET, at.host.c_str(), &address.sin_addr) != 1) {
    fail("not an address of the loopback, such as 127.0.0.2: " + at.host);
  }
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(fd.get(), generic(address), sizeof address) != 0 || ::listen(fd.get(), 4096) != 0) {
    fail("cannot listen on " + at.host + ":" + std::to_string(at.port) + ": " +
         std::strerror(errno));
  }
  return fd;
}

std::uint16_t local_port(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Target parse_target(const std::string& text) {
  std::string rest = text.starts_with("http://") ? text.substr(7) : text;
  while (rest.ends_with('/')) rest.pop_back();
  const std::size_t colon = rest.rfind(':');
  const int port = colon == std::string::npos ? 0 : std::atoi(rest.c_str() + colon + 1);
  in_addr parsed{};
  Target target{rest.substr(0, colon), static_cast<std::uint16_t>(port)};
  if (port <= 0 || port > 65535 || ::inet_pton(AF_INET, target.host.c_str(), &parsed) != 1) {
    fail("not an address such as 127.0.0.1:8080: " + text);
  }
  if (!target.host.starts_with("127.")) fail("load goes to loopback only, not to " + target.host);
  return target;
}

Descriptor connect_to(const Target& target, unsigned source) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.open()) fail(std::string("cannot open a socket: ") + std::strerror(errno));
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (source != 0) {
    // The port is chosen at connect: many connections may share one source address.
    set_option(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    const sockaddr_in from = address_of((127u << 24) + source, 0);
    if (::bind(fd.get(), generic(from), sizeof from) != 0) fail("cannot bind a source address");
  }
  sockaddr_in address = address_of(0, target.port);
  ::inet_pton(AF_INET, target.host.c_str(), &address.sin_addr);
  if (::connect(fd.get(), generic(address), sizeof address) != 0 && errno != EINPROGRESS)
    fd.reset();
  return fd;
}

void reset_connection(Descriptor& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

double seconds_of(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

std::uint64_t monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace ficus::loadtests
