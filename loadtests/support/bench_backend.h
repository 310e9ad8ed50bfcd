#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loadtests/support/body_pattern.h"
#include "loadtests/support/message_reader.h"
#include "loadtests/support/socket.h"

namespace ficus::loadtests {

// How a backend behaves; each can be changed while it runs, by GET /_control?name=value&…
struct BackendBehaviour {
  enum class Mode { serve, error, hang, reset };

  Mode mode = Mode::serve;  // mode=serve|error|hang|reset
  unsigned percent = 100;   // percent=N: of the requests, for a mode other than serve
  std::size_t size = 1024;  // size=BYTES of an answer
  bool chunked = false;     // chunked=0|1
  unsigned read_pause = 0;  // read_pause=MILLISECONDS after each 256 KiB of a request's body
};

// A very cheap HTTP/1.1 keep-alive server on one thread: two system calls a request.
//   any path       an answer of `size` bytes
//   /bytes/N       N bytes, streamed as fast as the reader takes them
//   /upload        reads the body, answers how many bytes came and whether they were intact
//   /_control?…    changes the behaviour, says how many other requests came; never fails
// Every answer names the backend in X-Backend.
class BenchBackend {
 public:
  BenchBackend(std::string name, const Target& at, const BackendBehaviour& behaviour);
  ~BenchBackend();

  std::uint16_t port() const;
  void run(const volatile bool& stop);

 private:
  struct Connection;

  void accept_all();
  void on_event(Connection& connection, std::uint32_t events);
  void on_readable(Connection& connection);
  void answer(Connection& connection);
  void answer_with(Connection& connection, std::string&& text);
  bool misbehave(Connection& connection);
  void apply_control(std::string_view query);
  void rebuild_answer();
  void send_more(Connection& connection);
  void resume_paused();
  void watch(Connection& connection, std::uint32_t events);
  void close(Connection& connection);
  std::string head(int status, std::uint64_t length) const;

  const std::string name_;
  const BodyPattern pattern_;
  BackendBehaviour behaviour_;
  Descriptor listener_;
  Descriptor epoll_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_;
  std::string answer_;
  std::uint64_t requests_ = 0;  // but those to /_control
  unsigned draw_ = 0;
  unsigned paused_ = 0;
};

}  // namespace ficus::loadtests
