#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/deadline.h"

// Plain POSIX sockets on 127.0.0.1, in as many lines as the test harness needs.
namespace ficus::tests {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// A port that stays ours: bound but not listening, so that connecting to it is refused, and a
// server that sets SO_REUSEADDR (all do) may still bind it. Lets a server be stopped and started
// again, or a foreign program be given a port, without another test taking the port meanwhile.
class ReservedPort {
 public:
  ReservedPort();

  std::uint16_t port() const { return port_; }
  // A non-blocking listening socket on the port.
  Descriptor listen() const;

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

enum class Readiness { read, write };

// Waits for a descriptor, or for `wake` (if not -1) to become readable. False when the deadline
// passed or `wake` fired first.
bool wait_for(int fd, Readiness readiness, const Deadline& deadline, int wake = -1);

Descriptor connect_to_loopback(std::uint16_t port);

// Makes close(2) send a reset instead of an orderly end.
void reset_on_close(int fd);
void send_at_once(int fd);  // TCP_NODELAY

// "…: Connection refused", from errno.
[[noreturn]] void throw_errno(const std::string& what);

// Text for messages: control bytes escaped, cut after a few hundred characters.
std::string printable(std::string_view bytes);

}  // namespace ficus::tests
