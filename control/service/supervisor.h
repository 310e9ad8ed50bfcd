#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace ficus::control {

// Who started this process and wants to know how it is: a datagram to NOTIFY_SOCKET for each state
// (sd_notify(3)). Without that variable nothing is sent; a supervisor that does not listen is no
// error. Any thread.
class Supervisor {
 public:
  Supervisor() = default;  // nobody
  // Reads NOTIFY_SOCKET and removes it, so that no child speaks for us. Before other threads.
  static Supervisor from_environment();

  // `status` is one line for people.
  void ready(std::string_view status) const;
  void reloading() const;  // ends with ready()
  // `within`: how long the end may take, whatever limit the supervisor knows of.
  void stopping(std::string_view status, std::chrono::milliseconds within) const;

 private:
  void send(const std::string& message) const;

  std::string address_;  // of a Unix socket; '@' for the abstract ones
};

}  // namespace ficus::control
