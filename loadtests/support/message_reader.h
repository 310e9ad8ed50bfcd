#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace ficus::loadtests {

// Reads HTTP/1.1 messages one after another from a byte stream: enough for the load side, cheap,
// and strict about framing, because a wrong length is a failure that must be seen.
// One thread. Views are valid until the next call of start().
class MessageReader {
 public:
  enum class Kind { request, response };

  explicit MessageReader(Kind kind) : kind_(kind) {}

  // Begins the next message. An answer to HEAD has no body, whatever its head says.
  void start(std::string_view request_method = {});

  // Takes bytes of the present message and returns how many; stops at its end.
  std::size_t feed(std::string_view data);

  // The peer closed: ends a body that only the end of the connection ends.
  void close();

  bool head_complete() const { return state_ != State::head; }
  bool done() const { return state_ == State::done; }
  bool bad() const { return state_ == State::bad; }
  bool untouched() const { return state_ == State::head && head_.empty(); }

  int status() const { return status_; }
  std::string_view method() const;
  std::string_view target() const;
  std::string_view header(std::string_view name) const;  // empty if absent
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

  // Is given each piece of the body with its offset, without chunk framing; to check contents.
  using BodySink = std::function<void(std::uint64_t offset, std::string_view piece)>;
  void set_body_sink(BodySink sink) { body_sink_ = std::move(sink); }

 private:
  enum class State {
    head,
    body,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    until_close,
    done,
    bad
  };

  std::size_t feed_head(std::string_view data);
  std::size_t feed_body(std::string_view data);
  std::size_t feed_line(std::string_view data);
  bool parse_head();
  void parse_header_line(std::string_view line);
  void choose_framing();
  void end_of_line();

  const Kind kind_;
  State state_ = State::head;
  std::string head_;
  std::string line_;
  std::string request_method_;
  BodySink body_sink_;
  std::uint64_t length_ = 0;
  std::uint64_t remaining_ = 0;
  std::uint64_t body_bytes_ = 0;
  int status_ = 0;
  bool has_length_ = false;
  bool chunked_ = false;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
};

}  // namespace ficus::loadtests
