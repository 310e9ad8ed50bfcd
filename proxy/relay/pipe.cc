#include "proxy/relay/pipe.h"

#include <array>

#include "proxy/http/chunked_encoder.h"

namespace ficus::proxy {
namespace {

// After so much in one go the other connections of the worker get their turn.
constexpr std::size_t kFairShare = 1024 * 1024;
// What is read at once for a sink that has shown that it is slow.
constexpr std::size_t kSlowSinkRead = 16 * 1024;

// The pieces of one send.
class Parts {
 public:
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    parts_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    size_ += bytes.size();
  }
  const iovec* data() const { return parts_.data(); }
  int count() const { return static_cast<int>(count_); }
  std::size_t size() const { return size_; }

 private:
  std::array<iovec, 10> parts_;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

void Pipe::begin(const Ends& ends, http::Framing in, std::uint64_t length, http::Framing out,
                 SteadyTime now) {
  last_read_ = last_write_ = now;
  ends_ = ends;
  reader_.begin(in, length);
  out_framing_ = out;
  ended_ = false;
  read_limit_ = ReceiveArea::kSize;
  payload_bytes_ = sent_bytes_ = 0;
  payload_limit_ = kNoLimit;
  fault_ = {};
  body_sink_ = nullptr;
}

void Pipe::redirect(Socket& sink, SendBuffer& out, SteadyTime now) {
  last_read_ = last_write_ = now;
  ends_.sink = &sink;
  ends_.out = &out;
  ended_ = false;
  sent_bytes_ = 0;
}

Pipe::Input Pipe::read_more(SteadyTime now) {
  if (!ends_.in->empty()) return Input::some;
  if (!ends_.source->readable()) return Input::none;
  const IoResult got = ends_.in->fill(*ends_.source, read_limit_);
  switch (got.state) {
    case IoResult::State::ok:
      last_read_ = now;
      return Input::some;
    case IoResult::State::would_block:
      return Input::none;
    case IoResult::State::end:
      return Input::ended;
    case IoResult::State::failed:
      break;
  }
  return Input::failed;
}

// False: the sink failed.
bool Pipe::send(std::string_view head, std::string_view replay, std::string_view payload,
                SteadyTime now) {
  const bool chunked = out_framing_ == http::Framing::chunked;
  char size_line[http::kChunkSizeLineMax];
  Parts parts;
  parts.add(head);
  if (chunked && !(replay.empty() && payload.empty())) {
    parts.add({size_line, http::format_chunk_size(size_line, replay.size() + payload.size())});
  }
  parts.add(replay);
  parts.add(payload);
  if (chunked && !(replay.empty() && payload.empty())) parts.add(http::kChunkEnd);
  if (reader_.done() && !ended_) {
    ended_ = true;
    if (chunked) {
      const std::string_view trailers = reader_.trailers();
      parts.add(trailers.empty() ? http::kLastChunk : http::kLastChunkBeforeTrailers);
      parts.add(trailers);
      if (!trailers.empty()) parts.add(http::kChunkEnd);
    }
  }
  if (parts.size() == 0) return true;
  const IoResult sent = ends_.out->send(*ends_.sink, parts.data(), parts.count());
  if (sent.state == IoResult::State::failed) return false;
  sent_bytes_ += sent.size;
  if (sent.size > 0) last_write_ = now;
  if (!ends_.out->empty()) read_limit_ = kSlowSinkRead;
  return true;
}

PipeState Pipe::pump(SteadyTime now, std::string_view head, std::string_view replay) {
  std::size_t moved = 0;
  for (;;) {
    if (!ends_.out->empty() && head.empty()) {
      const IoResult flushed = ends_.out->flush(*ends_.sink);
      if (flushed.size > 0) last_write_ = now;
      sent_bytes_ += flushed.size;
      if (flushed.state == IoResult::State::failed) return PipeState::sink_failed;
      if (!ends_.out->empty()) return PipeState::blocked;
    }
    if (reader_.done() && ended_) return PipeState::done;
    if (moved > kFairShare) return PipeState::yielded;

    BodyReader::Piece piece;
    Input input = Input::none;
    if (!reader_.done()) {
      input = read_more(now);
      if (input == Input::some) piece = reader_.take(ends_.in->data(), ends_.in->size());
      if (input == Input::ended && reader_.end()) input = Input::some;
    }
    payload_bytes_ += piece.payload.size();
    if (payload_bytes_ > payload_limit_ || reader_.announced() > payload_limit_ - payload_bytes_) {
      // Nobody looks for the end of the message any more, even if it lies in what was just decoded:
      // the source is not done, and its connection serves no other.
      reader_.begin(http::Framing::until_close, 0);
      return PipeState::too_large;
    }
    if (body_sink_ != nullptr && !piece.payload.empty()) body_sink_->payload(piece.payload);
    const bool sent = send(head, replay, piece.payload, now);
    head = replay = {};
    moved += piece.consumed;
    ends_.in->consume(piece.consumed);
    if (!sent) return PipeState::sink_failed;
    if (!piece.fault.empty()) {
      fault_ = piece.fault;
      return PipeState::malformed;
    }
    if (input == Input::ended) return PipeState::cut;
    if (input == Input::failed) return PipeState::source_failed;
    if (input == Input::none && !reader_.done()) {
      return ends_.out->empty() ? PipeState::starved : PipeState::blocked;
    }
  }
}

}  // namespace ficus::proxy
