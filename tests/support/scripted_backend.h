#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/deadline.h"
#include "tests/support/http_message.h"
#include "tests/support/socket.h"

namespace ficus::tests {

// One thing that a ScriptedBackend does with a connection.
struct Step {
  enum class Kind {
    read_request,  // a whole request, head and body
    read_head,     // up to the empty line only
    read_count,    // this many bytes
    read_to_end,   // until the client ends its direction or resets
    send,          // these bytes, in one write
    hold,          // until release()
    half_close,    // end our direction, go on with the script
    close,         // orderly end; what follows in the script is not done
    reset,         // RST
    again,         // from the beginning of the script
  };
  Kind kind;
  std::string bytes{};
  std::size_t count = 0;
};

using Script = std::vector<Step>;

inline Step read_request() { return {Step::Kind::read_request}; }
inline Step read_head() { return {Step::Kind::read_head}; }
inline Step read_count(std::size_t count) { return {Step::Kind::read_count, {}, count}; }
inline Step read_to_end() { return {Step::Kind::read_to_end}; }
inline Step send(std::string bytes) { return {Step::Kind::send, std::move(bytes)}; }
inline Step hold() { return {Step::Kind::hold}; }
inline Step half_close() { return {Step::Kind::half_close}; }
inline Step close_connection() { return {Step::Kind::close}; }
inline Step reset_connection() { return {Step::Kind::reset}; }
inline Step again() { return {Step::Kind::again}; }

// Answers each request on a connection with these bytes.
Script answer_each(std::string response);

// A backend on a raw socket that does what a script says, connection by connection, and records
// what it received byte for byte. A thread a connection: for tens of connections, not thousands.
//
// Scripts given to on_next_connection() are used in order, one a connection; later connections
// use the default script. A connection ends in an orderly way when its script ends, so a script
// that stops early ends with hold() or again(). All members may be called from any thread.
class ScriptedBackend {
 public:
  explicit ScriptedBackend(Script default_script = answer_each("HTTP/1.1 200 OK\r\n"
                                                               "Content-Length: 2\r\n\r\nok"));
  ~ScriptedBackend();
  ScriptedBackend(const ScriptedBackend&) = delete;
  ScriptedBackend& operator=(const ScriptedBackend&) = delete;

  std::uint16_t port() const { return reserved_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

  void on_next_connection(Script script);
  void on_every_connection(Script script);  // replaces the default script

  // Lets one connection that is, or will be, in hold() go on.
  void release();

  // The n-th request (from 0) that was read whole, over all connections in order of arrival.
  HttpMessage wait_for_request(std::size_t number = 0);
  // The n-th connection (from 0) was accepted.
  void wait_for_connection(std::size_t number = 0);
  // The n-th connection's script has ended, or its client has.
  void wait_for_end_of_connection(std::size_t number = 0);
  // All bytes received on the n-th connection so far.
  std::string received(std::size_t connection = 0) const;
  // Waits until that many bytes were received on the n-th connection.
  std::string wait_for_bytes(std::size_t connection, std::size_t count);

  std::size_t requests() const;
  std::size_t connections() const;

  // Closes the listener (connecting is refused from now on) and resets what is open.
  void stop();
  // Listens on the same port again.
  void start();

 private:
  struct Connection {
    Descriptor socket;
    std::string received;  // everything
    std::string pending;   // received, not yet taken by a step
    bool ended = false;
    std::thread thread;
  };

  void accept_loop();
  void play(Connection& connection, const Script& script);
  // Whether the script goes on.
  bool do_step(Connection& connection, const Step& step);
  bool read_more(Connection& connection);
  bool read_message(Connection& connection);
  bool read_until_head(Connection& connection);
  bool send_bytes(const Connection& connection, const std::string& bytes);
  bool wait_for_release();
  template <typename Predicate>
  void wait(const std::string& what, Predicate predicate);

  const ReservedPort reserved_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  Script default_script_;
  std::deque<Script> next_scripts_;
  std::vector<HttpMessage> requests_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t releases_ = 0;
  bool stopping_ = true;

  // By start() and stop() only.
  Descriptor listener_;
  Descriptor wake_;  // readable once stopping
  std::thread acceptor_;
};

}  // namespace ficus::tests
