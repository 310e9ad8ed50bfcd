#include "proxy/relay/body_reader.h"

#include <algorithm>

namespace ficus::proxy {

using http::Framing;

void BodyReader::begin(Framing framing, std::uint64_t length) {
  framing_ = framing;
  remaining_ = length;
  done_ = framing == Framing::none || (framing == Framing::length && length == 0);
  if (framing == Framing::chunked) {
    decoder_.emplace();
  } else {
    decoder_.reset();
  }
}

BodyReader::Piece BodyReader::take(char* data, std::size_t size) {
  switch (framing_) {
    case Framing::none:
      return {};
    case Framing::until_close:
      return {{data, size}, size, {}};
    case Framing::length: {
      const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, size));
      remaining_ -= count;
      done_ = remaining_ == 0;
      return {{data, count}, count, {}};
    }
    case Framing::chunked: {
      const auto outcome = decoder_->decode(data, size);
      done_ = outcome.status == http::ChunkedDecoder::Status::done;
      if (outcome.status == http::ChunkedDecoder::Status::fault) {
        return {outcome.payload, outcome.consumed, outcome.detail};
      }
      return {outcome.payload, outcome.consumed, {}};
    }
  }
  return {};
}

bool BodyReader::end() {
  if (framing_ != Framing::until_close) return done_;
  done_ = true;
  return true;
}

std::string_view BodyReader::trailers() const {
  return decoder_ && done_ ? decoder_->trailers() : std::string_view{};
}

}  // namespace ficus::proxy
