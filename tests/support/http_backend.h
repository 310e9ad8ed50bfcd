#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/deadline.h"
#include "tests/support/socket.h"

namespace ficus::tests {

// How an HttpBackend behaves from the next request on.
enum class BackendMode {
  ok,                // 200
  failing,           // the status of set_status(), 500 unless told otherwise
  hanging,           // reads requests, never answers
  resetting,         // RST instead of an answer
  closing,           // an orderly end instead of an answer
  cutting_the_body,  // head and half of the body, then an orderly end
  not_http,          // an answer that is none
};

// A keep-alive HTTP/1.1 backend for many requests: one thread, epoll. Answers every request with a
// body that begins with its own name, so that a test sees which side answered:
//
//   HTTP/1.1 200 OK
//   Content-Type: text/plain
//   X-Backend: <name>
//   Content-Length: …
//
// The body is the name, or, with echo, the request as it was received byte for byte, or is padded
// to a size. Request bodies with Content-Length or chunks are read. All members may be called from
// any thread.
class HttpBackend {
 public:
  explicit HttpBackend(std::string name);
  ~HttpBackend();
  HttpBackend(const HttpBackend&) = delete;
  HttpBackend& operator=(const HttpBackend&) = delete;

  const std::string& name() const { return name_; }
  std::uint16_t port() const { return reserved_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

  void set_mode(BackendMode mode) { mode_ = mode; }
  void set_status(int status) { status_ = status; }
  // Answers come that much later (from the loop, without blocking others).
  void set_delay(milliseconds delay) { delay_ = delay; }
  void set_body_size(std::size_t bytes) { body_size_ = bytes; }
  void set_echo() { echo_ = true; }

  std::uint64_t requests() const { return requests_; }
  std::uint64_t gets() const { return gets_; }
  std::uint64_t posts() const { return posts_; }
  std::uint64_t connections() const { return connections_; }  // ever accepted
  // The most recent request, byte for byte.
  std::string last_request() const;
  bool wait_for_requests(std::uint64_t count, milliseconds patience = kPatience) const;

  // Connecting is refused from now on, and what is open is reset: a killed server.
  void stop();
  // Listens on the same port again.
  void start();

 private:
  struct Connection {
    Descriptor socket;
    std::string in;
    std::string out;
    bool close_after_write = false;
    bool waiting_for_room = false;
    bool waiting = false;   // an answer is due later
    Clock::time_point due;  // when waiting
  };

  void loop();
  void accept_all();
  void on_ready(int fd, std::uint32_t events);
  // Answers what is whole in `in`. False if the connection is over.
  bool serve(Connection& connection);
  bool answer(Connection& connection, const std::string& request);
  bool flush(Connection& connection);
  std::string response_to(const std::string& request) const;
  void serve_due();
  int next_timeout() const;

  const std::string name_;
  const ReservedPort reserved_;

  std::atomic<BackendMode> mode_{BackendMode::ok};
  std::atomic<int> status_{500};
  std::atomic<milliseconds> delay_{milliseconds(0)};
  std::atomic<std::size_t> body_size_{0};
  std::atomic<bool> echo_{false};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> gets_{0};
  std::atomic<std::uint64_t> posts_{0};
  std::atomic<std::uint64_t> connections_{0};
  mutable std::mutex mutex_;
  std::string last_request_;  // guarded by mutex_

  // Loop thread only, or nobody's while it does not run.
  Descriptor epoll_;
  Descriptor listener_;
  std::map<int, Connection> open_;
  bool delays_ = false;  // some answer was ever due later

  Descriptor wake_;  // readable once stopping
  std::thread thread_;
};

}  // namespace ficus::tests
