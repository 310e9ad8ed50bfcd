#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace ficus::proxy {

// A fast generator (xoshiro256**) for draws and identifiers. Not for secrets: who sees enough of
// its output can foretell the rest. One thread; each worker has its own.
class Random {
 public:
  // Seeded by the kernel. Aborts if the kernel gives no random bytes.
  Random();

  // The same seed gives the same numbers.
  explicit Random(std::uint64_t seed);

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 to bound − 1, even to 2⁻³².
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

// 128 random bits as 32 lower-case hex digits.
struct RandomHex {
  std::array<char, 32> digits{};

  std::string_view text() const { return {digits.data(), digits.size()}; }
};

RandomHex random_hex(Random& random);

}  // namespace ficus::proxy
