#pragma once

#include <cstddef>
#include <string_view>

namespace ficus::proxy::http {

// A chunk is format_chunk_size(n), n bytes, kChunkEnd. A body ends with kLastChunk, or with
// kLastChunkBeforeTrailers, trailer lines, kChunkEnd. A chunk of 0 bytes would end the body.
inline constexpr std::size_t kChunkSizeLineMax = 18;
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kLastChunkBeforeTrailers = "0\r\n";

// Writes `size` in hexadecimal and CRLF to `out`; returns the bytes written.
inline std::size_t format_chunk_size(char (&out)[kChunkSizeLineMax], std::size_t size) {
  std::size_t digits = 1;
  for (std::size_t rest = size >> 4; rest != 0; rest >>= 4) ++digits;
  for (std::size_t i = digits; i > 0; --i) {
    out[i - 1] = "0123456789abcdef"[size & 15u];
    size >>= 4;
  }
  out[digits] = '\r';
  out[digits + 1] = '\n';
  return digits + 2;
}

}  // namespace ficus::proxy::http
