#include "proxy/guard/failing_keys.h"

#include <algorithm>
#include <cmath>

namespace ficus::proxy {

std::uint32_t counted_failures_per_key(double expected_keys) {
  constexpr double kEnough = 30;
  const double each = std::ceil(kEnough / std::max(1.0, expected_keys));
  return static_cast<std::uint32_t>(std::clamp(each, 1.0, kEnough));
}

bool FailingKeys::count(std::uint64_t key, SteadyTime now, std::uint32_t limit) {
  drop_expired(now);
  const auto [found, added] = entries_.try_emplace(key);
  if (added) {
    found->second.first = now;
    arrivals_.push_back({key, now});
    if (entries_.size() > kMaxKeys) {
      entries_.erase(arrivals_.front().key);
      arrivals_.pop_front();
    }
  }
  return ++found->second.failures <= limit;
}

std::size_t FailingKeys::size(SteadyTime now) {
  drop_expired(now);
  return entries_.size();
}

void FailingKeys::clear() {
  entries_.clear();
  arrivals_.clear();
}

void FailingKeys::drop_expired(SteadyTime now) {
  while (!arrivals_.empty() && now - arrivals_.front().at >= kWindow) {
    entries_.erase(arrivals_.front().key);
    arrivals_.pop_front();
  }
}

}  // namespace ficus::proxy
