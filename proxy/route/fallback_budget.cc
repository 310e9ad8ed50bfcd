#include "proxy/route/fallback_budget.h"

#include <algorithm>
#include <chrono>

namespace ficus::proxy {

void FallbackBudget::request(SteadyTime now) {
  advance(now);
  ++slots_[static_cast<std::size_t>(second_) % kSeconds].requests;
  ++sum_.requests;
}

bool FallbackBudget::take(SteadyTime now, double percent, std::size_t workers) {
  advance(now);
  const auto divisor = static_cast<std::uint32_t>(std::max<std::size_t>(workers, 1));
  const std::uint32_t floor = (kFloor + divisor - 1) / divisor;
  const double share = sum_.requests * percent / 100;
  if (sum_.fallbacks >= std::max(static_cast<double>(floor), share)) return false;
  ++slots_[static_cast<std::size_t>(second_) % kSeconds].fallbacks;
  ++sum_.fallbacks;
  return true;
}

// Forgets the seconds that have passed out of the window.
void FallbackBudget::advance(SteadyTime now) {
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second <= second_) return;
  const auto passed = static_cast<std::size_t>(second - second_);
  for (std::size_t step = 1; step <= std::min(passed, kSeconds); ++step) {
    Slot& slot = slots_[(static_cast<std::size_t>(second_) + step) % kSeconds];
    sum_.requests -= slot.requests;
    sum_.fallbacks -= slot.fallbacks;
    slot = {};
  }
  second_ = second;
}

}  // namespace ficus::proxy
