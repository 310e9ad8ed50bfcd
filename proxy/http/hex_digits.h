#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace ficus::proxy::http {

// Writes 16 lower-case hex digits to `out`, the highest first. Eight digits at a time, each in a
// byte of a word.
inline void write_hex(std::uint64_t number, char* out) {
  for (const std::uint64_t half : {number >> 32, number & 0xffffffff}) {
    std::uint64_t digits = (half << 16 | half) & 0x0000ffff0000ffff;
    digits = (digits << 8 | digits) & 0x00ff00ff00ff00ff;
    digits = (digits << 4 | digits) & 0x0f0f0f0f0f0f0f0f;
    const std::uint64_t letters = (digits + 0x0606060606060606) >> 4 & 0x0101010101010101;
    digits += 0x3030303030303030 + letters * ('a' - '0' - 10);
    if constexpr (std::endian::native == std::endian::little) digits = __builtin_bswap64(digits);
    std::memcpy(out, &digits, sizeof digits);
    out += sizeof digits;
  }
}

}  // namespace ficus::proxy::http
