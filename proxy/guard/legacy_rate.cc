#include "proxy/guard/legacy_rate.h"

#include <chrono>

namespace ficus::proxy {
namespace {

constexpr std::chrono::seconds kBucket{10};
constexpr std::chrono::minutes kWindow{10};

}  // namespace

void LegacyRate::add(SteadyTime now, std::uint64_t successes, std::uint64_t failures) {
  const std::uint64_t outcomes = successes + failures;
  if (outcomes > 0) {
    if (buckets_.empty() || now - buckets_.back().began >= kBucket) {
      buckets_.push_back({now, now, 0, 0});
    }
    Bucket& last = buckets_.back();
    last.ended = now;
    last.outcomes += outcomes;
    last.failures += failures;
    outcomes_ += outcomes;
    failures_ += failures;
  }
  while (!buckets_.empty() && now - buckets_.front().ended >= kWindow &&
         outcomes_ - buckets_.front().outcomes >= kEnough) {
    outcomes_ -= buckets_.front().outcomes;
    failures_ -= buckets_.front().failures;
    buckets_.pop_front();
  }
}

std::optional<double> LegacyRate::rate() const {
  if (outcomes_ < kEnough) return std::nullopt;
  return static_cast<double>(failures_) / static_cast<double>(outcomes_);
}

}  // namespace ficus::proxy
