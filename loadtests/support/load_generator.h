#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "loadtests/support/load_report.h"
#include "loadtests/support/message_reader.h"
#include "loadtests/support/request_source.h"
#include "loadtests/support/socket.h"

namespace ficus::loadtests {

struct LoadOptions {
  Target target;
  RequestShape shape;
  unsigned connections = 64;
  unsigned sources = 0;  // client addresses 127.0.0.1 … to spread over; 0: the system's choice
  std::uint64_t requests = 0;  // 0: no limit
  double seconds = 0;          // 0: no limit
  double rate = 0;             // a second, at fixed times (open loop); 0: as fast as answers come
  double timeout = 10;         // seconds for one answer
  double report_every = 0;     // seconds between progress lines on standard output; 0: none
};

// An HTTP/1.1 keep-alive client with many connections on one thread and one epoll descriptor.
//
// With a rate, the latency counts from the moment at which the request was due, also when every
// connection was busy then: a stall is not hidden by the requests that it kept from being sent.
class LoadGenerator {
 public:
  explicit LoadGenerator(const LoadOptions& options);
  ~LoadGenerator();

  // Runs to the end of the options, or until `stop` becomes true (a signal handler may set it).
  LoadReport run(const volatile bool& stop);

 private:
  struct Connection;

  void open(Connection& connection);
  void on_event(Connection& connection, std::uint32_t events);
  void on_readable(Connection& connection);
  void flush(Connection& connection);
  void send_next(Connection& connection, std::uint64_t due);
  void finish(Connection& connection);
  void lose(Connection& connection, const char* kind);
  void make_idle(Connection& connection);
  void send_due();
  void arm_timer();
  void housekeeping();
  void watch(Connection& connection, std::uint32_t events);
  bool may_send() const;
  bool finished() const;

  LoadOptions options_;
  RequestSource source_;
  LoadReport report_;
  Descriptor epoll_;
  Descriptor timer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;  // open loop only; in turn, so that every client address is heard
  std::string scratch_;
  std::vector<char> buffer_;
  std::uint64_t now_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t due_count_ = 0;
  std::uint64_t last_housekeeping_ = 0;
  std::uint64_t last_report_ = 0;
  std::uint64_t refused_ = 0;
  unsigned outstanding_ = 0;
  bool stopping_ = false;
};

}  // namespace ficus::loadtests
