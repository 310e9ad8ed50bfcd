#include "control/health/ejection.h"

#include <algorithm>

namespace ficus::control {

bool may_eject(const config::OutlierDetection& terms, const EjectionCounts& counts) {
  if (counts.usable < 2) return false;
  if (counts.ejected == 0) return true;
  const double after = static_cast<double>(counts.ejected + 1);
  return after * 100 <= terms.max_ejection_percent * static_cast<double>(counts.all);
}

std::chrono::milliseconds ejection_time(const config::OutlierDetection& terms,
                                        std::uint32_t times) {
  const std::chrono::milliseconds most =
      std::max(terms.base_ejection_time, terms.max_ejection_time);
  return std::min(terms.base_ejection_time * times, most);
}

std::chrono::milliseconds EjectionRecord::eject(const config::OutlierDetection& terms,
                                                Clock::Monotonic now) {
  constexpr std::uint32_t kMost = 1'000'000;  // far beyond max_ejection_time
  times_ = std::min(times_ + 1, kMost);
  const std::chrono::milliseconds time = ejection_time(terms, times_);
  until_ = forgiven_ = now + time;
  return time;
}

void EjectionRecord::forgive(const config::OutlierDetection& terms, Clock::Monotonic now) {
  while (times_ > 0 && now - forgiven_ >= terms.base_ejection_time) {
    --times_;
    forgiven_ += terms.base_ejection_time;
  }
}

}  // namespace ficus::control
