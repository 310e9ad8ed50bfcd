#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/deadline.h"
#include "tests/support/http_message.h"
#include "tests/support/socket.h"

namespace ficus::tests {

// A client that sends exactly the bytes it is told to and keeps what it gets. For one thread.
// Every call that waits throws HarnessError when its deadline passes.
class RawClient {
 public:
  // Connects to 127.0.0.1; throws if refused.
  explicit RawClient(std::uint16_t port);

  void send(std::string_view bytes);
  // Sends as much as fits within the patience; how many bytes that were. For back-pressure: a
  // server that does not read makes this stop.
  std::size_t send_what_fits(std::string_view bytes, milliseconds patience);

  // Everything up to and including `end`; the rest stays for the next call.
  std::string read_until(std::string_view end);
  // Exactly this many bytes.
  std::string read_bytes(std::size_t count);
  // One response, interim (1xx) ones included: each is a response of its own. Ends with
  // `complete == false` if the connection ends in the middle; throws if it ends before a byte.
  HttpMessage read_response(MessageKind kind = MessageKind::response);
  // send() and read_response(), interim responses skipped.
  HttpMessage exchange(std::string_view request);
  // Everything up to the end of the connection. A reset ends it too: see was_reset().
  std::string read_to_end();

  // The server has ended the connection and nothing is left to read: waits for it.
  bool is_closed(milliseconds patience = kPatience);
  bool was_reset() const { return reset_; }
  // Nothing arrives for this long. (Costs that time: keep it short.)
  bool is_quiet(milliseconds patience);

  void half_close();  // no more requests; still reads
  void close() { socket_.close(); }
  void reset();  // RST instead of FIN
  // A small receive buffer, to be a slow reader; before the first byte arrives.
  void limit_receive_buffer(int bytes);

  int descriptor() const { return socket_.get(); }

 private:
  enum class Read { some, end };
  Read read_some(const Deadline& deadline, std::string_view what);

  Descriptor socket_;
  std::string buffer_;
  bool ended_ = false;
  bool reset_ = false;
};

// One request on a connection of its own ("Connection: close" is not added).
HttpMessage fetch(std::uint16_t port, std::string_view request);
// GET with Host and Connection: close.
HttpMessage get(std::uint16_t port, std::string_view path);

}  // namespace ficus::tests
