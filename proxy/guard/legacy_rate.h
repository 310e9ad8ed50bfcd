#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// Legacy's error rate over its last 10 minutes or its last 1,000 outcomes, whichever is more.
// Thread: one at a time.
class LegacyRate {
 public:
  static constexpr std::uint64_t kEnough = 1000;

  // Outcomes since the last call.
  void add(SteadyTime now, std::uint64_t successes, std::uint64_t failures);

  // A ratio, or nothing while fewer than 1,000 outcomes are known.
  std::optional<double> rate() const;
  std::uint64_t outcomes() const { return outcomes_; }

 private:
  struct Bucket {
    SteadyTime began{};
    SteadyTime ended{};
    std::uint64_t outcomes = 0;
    std::uint64_t failures = 0;
  };

  std::deque<Bucket> buckets_;  // of up to 10 s; none is empty, so there are at most 1,060
  std::uint64_t outcomes_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace ficus::proxy
