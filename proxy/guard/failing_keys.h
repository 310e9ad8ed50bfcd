#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// How many failures of one key count in ten minutes, when the weight is expected to give that many
// keys to the new side. Few keys: several failures each, or too little would ever be counted.
std::uint32_t counted_failures_per_key(double expected_keys);

// On a sticky route a user who always fails is one broken user, not a broken release: only the
// first failures of each key in ten minutes count.
//
// Bounded: past kMaxKeys a newer key replaces the oldest. Thread: one at a time.
class FailingKeys {
 public:
  static constexpr std::chrono::minutes kWindow{10};
  static constexpr std::size_t kMaxKeys = std::size_t{1} << 16;

  // A key failed. Is this one of its first `limit` failures in ten minutes?
  bool count(std::uint64_t key, SteadyTime now, std::uint32_t limit);

  // Keys that failed in the last ten minutes.
  std::size_t size(SteadyTime now);

  void clear();

 private:
  struct Entry {
    SteadyTime first{};
    std::uint32_t failures = 0;
  };
  struct Arrival {
    std::uint64_t key = 0;
    SteadyTime at{};
  };

  void drop_expired(SteadyTime now);

  std::unordered_map<std::uint64_t, Entry> entries_;
  std::deque<Arrival> arrivals_;  // oldest first
};

}  // namespace ficus::proxy
