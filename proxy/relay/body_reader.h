#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/chunked_decoder.h"
#include "proxy/http/request_head.h"

namespace ficus::proxy {

// Finds the payload and the end of one body in the bytes of its connection. Decodes in place.
// Loop thread only; one body at a time.
class BodyReader {
 public:
  struct Piece {
    std::string_view payload{};  // inside the given bytes
    std::size_t consumed = 0;
    std::string_view fault{};  // the rule that was broken; static storage
  };

  void begin(http::Framing framing, std::uint64_t length);

  bool done() const { return done_; }
  Piece take(char* data, std::size_t size);

  // Payload that is sure to come, or the end is none: the rest of a length or of a chunk.
  std::uint64_t announced() const { return decoder_ ? decoder_->announced() : remaining_; }

  // The connection ended. True if that is a rightful end of this body.
  bool end();

  // Trailer lines ending in CRLF, once done.
  std::string_view trailers() const;

 private:
  http::Framing framing_ = http::Framing::none;
  bool done_ = true;
  std::uint64_t remaining_ = 0;
  std::optional<http::ChunkedDecoder> decoder_;
};

}  // namespace ficus::proxy
