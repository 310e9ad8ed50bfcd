#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ficus::proxy::http {

// Decodes one chunked body (RFC 9112 §7.1), in place and in pieces. Extensions are checked and
// dropped; trailer fields are checked, and those that must not change a message's meaning after the
// fact are dropped (RFC 9110 §6.5.1). After `fault` the connection is unusable. One per body; no
// memory but for trailers. decode() must not be called after `done` or `fault`.
class ChunkedDecoder {
 public:
  // Extension bytes may exceed the payload by this much; a trailer section may have so many.
  static constexpr std::uint32_t kMaxExtensionBytes = 16 * 1024;
  static constexpr std::size_t kMaxTrailerBytes = 8 * 1024;

  enum class Status : std::uint8_t { need_more, done, fault };

  struct Outcome {
    Status status = Status::need_more;
    std::size_t consumed = 0;    // all of the input, unless done or fault
    std::string_view payload{};  // decoded bytes, inside `data` (not always at its front)
    std::string_view detail{};   // of a fault; static storage
  };

  // Decodes `size` bytes at `data`, which is overwritten: payload of several chunks is moved
  // together. Payload before a fault is returned with it.
  Outcome decode(char* data, std::size_t size);

  // Bytes that the present chunk still owes, once its size is read.
  std::uint64_t announced() const { return state_ == State::payload ? remaining_ : 0; }

  // After `done`: the kept trailer fields as lines that end in CRLF, without the blank line.
  std::string_view trailers() const;

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    size_space,
    extension_start,
    extension_name,
    extension_name_space,
    extension_value_start,
    extension_token,
    extension_quoted,
    extension_quoted_pair,
    extension_end,
    size_lf,
    payload,
    payload_cr,
    payload_lf,
    trailer,
    done,
    fault,
  };
  struct Trailer {
    std::string line;  // not yet complete
    std::string kept;
    std::size_t bytes = 0;
  };

  std::string_view step(unsigned char byte);
  std::string_view step_size(unsigned char byte);
  std::string_view step_extension(unsigned char byte);
  std::string_view after_extension(char c);
  std::string_view end_size_line();
  std::string_view take_trailer(const char* data, std::size_t size, std::size_t& taken);
  std::string_view end_trailer_line();

  std::uint64_t remaining_ = 0;  // of the chunk
  std::unique_ptr<Trailer> trailer_;
  std::uint32_t extension_bytes_ = 0;
  std::uint8_t digits_ = 0;
  bool blank_before_end_ = false;  // white space that only another extension may follow
  State state_ = State::size_start;
};

static_assert(sizeof(ChunkedDecoder) <= 64);

}  // namespace ficus::proxy::http
