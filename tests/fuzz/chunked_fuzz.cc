// A body decoded in one piece equals the same body decoded in two and byte by byte; what was
// decoded and encoded again decodes to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/chunked_decoder.h"
#include "proxy/http/chunked_encoder.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy::http;
using Status = ChunkedDecoder::Status;

struct Decoded {
  Status status = Status::need_more;
  std::string payload;
  std::string trailers;
  std::string detail;
  std::size_t consumed = 0;

  bool operator==(const Decoded&) const = default;
};

// Decodes `first` bytes, then pieces of `piece` bytes.
Decoded decode(std::string_view body, std::size_t first, std::size_t piece) {
  ChunkedDecoder decoder;
  Decoded result;
  std::size_t next = first;
  while (!body.empty() && result.status == Status::need_more) {
    const std::string_view part = body.substr(0, next);
    next = piece;
    std::vector<char> bytes(part.begin(), part.end());
    const ChunkedDecoder::Outcome outcome = decoder.decode(bytes.data(), bytes.size());
    FUZZ_CHECK(outcome.consumed <= bytes.size());
    FUZZ_CHECK(outcome.status != Status::need_more || outcome.consumed == bytes.size());
    FUZZ_CHECK(outcome.payload.size() <= outcome.consumed);
    FUZZ_CHECK((outcome.status == Status::fault) == !outcome.detail.empty());
    result.status = outcome.status;
    result.payload += outcome.payload;
    result.detail = outcome.detail;
    result.consumed += outcome.consumed;
    body.remove_prefix(outcome.consumed);
  }
  if (result.status == Status::done) result.trailers = decoder.trailers();
  return result;
}

std::string encode(const Decoded& decoded, std::size_t chunk) {
  std::string body;
  for (std::size_t at = 0; at < decoded.payload.size(); at += chunk) {
    const std::string part = decoded.payload.substr(at, chunk);
    char line[kChunkSizeLineMax];
    body.append(line, format_chunk_size(line, part.size()));
    body.append(part).append(kChunkEnd);
  }
  return body.append(kLastChunkBeforeTrailers).append(decoded.trailers).append(kChunkEnd);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const Decoded whole = decode(input, std::string::npos, std::string::npos);
  const std::size_t cut = 1 + ((data[0] * input.size()) >> 8);
  const Decoded two = decode(input, cut, std::string::npos);
  const Decoded bytewise = decode(input, 1, 1);
  // A faulty trailer line is judged at its end, so only how much was consumed may differ.
  FUZZ_CHECK(two.status == whole.status && bytewise.status == whole.status);
  FUZZ_CHECK(two.payload == whole.payload && bytewise.payload == whole.payload);
  FUZZ_CHECK(two.detail == whole.detail && bytewise.detail == whole.detail);
  if (whole.status == Status::done) {
    FUZZ_CHECK(two == whole && bytewise == whole);
    const std::string again = encode(whole, 1 + data[0]);
    Decoded round = decode(again, cut, 3);
    FUZZ_CHECK(round.consumed == again.size());
    round.consumed = whole.consumed;
    FUZZ_CHECK(round == whole);
  }
  return 0;
}
