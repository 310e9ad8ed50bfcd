#include "proxy/route/random.h"

#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

#include "proxy/http/hex_digits.h"

namespace ficus::proxy {

Random::Random() {
  // Up to 256 bytes come whole or not at all; an early signal may interrupt the wait for entropy.
  ssize_t got = 0;
  do {
    got = getrandom(state_.data(), sizeof(state_), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof(state_))) std::abort();
  state_[0] |= 1;  // all zero is the one state that never changes
}

Random::Random(std::uint64_t seed) {
  // splitmix64, as the authors of xoshiro advise for filling the state.
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    word = mixed ^ (mixed >> 31);
  }
}

RandomHex random_hex(Random& random) {
  RandomHex result;
  http::write_hex(random.next(), result.digits.data());
  http::write_hex(random.next(), result.digits.data() + 16);
  return result;
}

}  // namespace ficus::proxy
