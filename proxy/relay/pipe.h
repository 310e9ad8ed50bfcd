#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/net/buffers.h"
#include "proxy/net/socket.h"
#include "proxy/relay/body_reader.h"

namespace ficus::proxy {

// Sees the payload that passes through a pipe. Copies what it wants; must not hold back.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void payload(std::string_view bytes) = 0;
};

enum class PipeState : std::uint8_t {
  starved,        // waits for the source
  blocked,        // waits for the sink
  yielded,        // moved a lot; wants to go on in the next turn
  done,           // all of the message is with the sink's kernel
  cut,            // the source ended before the message did
  source_failed,  // the source was reset
  malformed,      // the source broke the framing rules; see fault()
  too_large,      // the payload passed its limit; nothing beyond the limit was sent
  sink_failed,
};

// One direction of an exchange: takes a message's body from the source, frames it anew for the
// sink, and stops reading while the sink takes no more. Memory: what one short send left over.
// Loop thread only; used for one message after another.
class Pipe {
 public:
  struct Ends {
    Socket* source = nullptr;
    ReadBuffer* in = nullptr;
    Socket* sink = nullptr;
    SendBuffer* out = nullptr;
  };

  void begin(const Ends& ends, http::Framing in, std::uint64_t length, http::Framing out,
             SteadyTime now);

  // Goes on with the same body towards another sink, after `replayed` of it were sent there anew.
  void redirect(Socket& sink, SendBuffer& out, SteadyTime now);

  void set_body_sink(BodySink* sink) { body_sink_ = sink; }
  // Of the present message, in bytes; after begin().
  void set_payload_limit(std::uint64_t limit) { payload_limit_ = limit; }

  // Moves what can be moved now; `head` goes before it, and `replay` (payload that an earlier sink
  // already had) between the two. Both are sent or kept by this call.
  PipeState pump(SteadyTime now, std::string_view head = {}, std::string_view replay = {});

  bool source_done() const { return reader_.done(); }
  // All of the message, its end included, is with the sink's kernel or kept for it.
  bool handed_over() const { return reader_.done() && ended_; }
  std::string_view fault() const { return fault_; }
  std::uint64_t payload_bytes() const { return payload_bytes_; }
  // Anything of this message given to the sink's kernel?
  bool anything_sent() const { return sent_bytes_ > 0; }
  SteadyTime last_read() const { return last_read_; }
  SteadyTime last_write() const { return last_write_; }
  bool sink_blocked() const { return !ends_.out->empty(); }

 private:
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;
  enum class Input : std::uint8_t { some, none, ended, failed };

  Input read_more(SteadyTime now);
  bool send(std::string_view head, std::string_view replay, std::string_view payload,
            SteadyTime now);

  Ends ends_;
  BodyReader reader_;
  BodySink* body_sink_ = nullptr;
  http::Framing out_framing_ = http::Framing::none;
  bool ended_ = false;  // the end of the message was handed to the sink
  std::size_t read_limit_ = ReceiveArea::kSize;
  std::uint64_t payload_bytes_ = 0;
  std::uint64_t payload_limit_ = kNoLimit;
  std::uint64_t sent_bytes_ = 0;
  std::string_view fault_;
  SteadyTime last_read_{};
  SteadyTime last_write_{};
};

}  // namespace ficus::proxy
