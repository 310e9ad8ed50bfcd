#pragma once

#include <cstdint>
#include <string>

namespace ficus::loadtests {

// An owned descriptor. One thread.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

struct Target {
  std::string host = "127.0.0.1";  // a literal IPv4 address
  std::uint16_t port = 0;
};

// A non-blocking listening socket on an address 127.x.x.x; port 0 chooses one. Exits with a message
// on failure.
Descriptor listen_on_loopback(const Target& at);
std::uint16_t local_port(int fd);

// "127.0.0.1:8080", with or without "http://". Exits with a message if it is neither.
Target parse_target(const std::string& text);

// A non-blocking connection from 127.0.0.`source` (0: the system chooses). May still be connecting;
// not open() if it failed at once.
Descriptor connect_to(const Target& target, unsigned source);

// Ends the connection with a reset in place of an orderly end.
void reset_connection(Descriptor& fd);

[[noreturn]] void fail(const std::string& what);

// Seconds of the monotonic clock, the same that Python's time.monotonic() tells.
double seconds_of(std::uint64_t nanoseconds);
std::uint64_t monotonic_nanoseconds();

}  // namespace ficus::loadtests
