#pragma once

#include <cstddef>
#include <cstdint>

#include "config/model.h"
#include "control/clock.h"

namespace ficus::control {

// The endpoints of one backend, counted.
struct EjectionCounts {
  std::size_t all = 0;
  std::size_t ejected = 0;
  std::size_t usable = 0;  // healthy and not ejected
};

// May one of the usable endpoints be ejected? Never the last usable one; the first one whatever
// max_ejection_percent is, as with Envoy, for else a small backend would never eject any.
bool may_eject(const config::OutlierDetection& terms, const EjectionCounts& counts);

// For how long an endpoint is ejected that has been ejected `times` times lately, this one
// included: base_ejection_time for each of them, at most max_ejection_time.
std::chrono::milliseconds ejection_time(const config::OutlierDetection& terms, std::uint32_t times);

// What is remembered about one endpoint's ejections. Pure.
class EjectionRecord {
 public:
  // For how long it is ejected from now on.
  std::chrono::milliseconds eject(const config::OutlierDetection& terms, Clock::Monotonic now);

  bool is_over(Clock::Monotonic now) const { return now >= until_; }

  // One that returned and stays in service is forgiven an ejection for each base_ejection_time.
  void forgive(const config::OutlierDetection& terms, Clock::Monotonic now);

  std::uint32_t times() const { return times_; }

 private:
  std::uint32_t times_ = 0;
  Clock::Monotonic until_{};
  Clock::Monotonic forgiven_{};  // the last time, or the end of the last ejection
};

}  // namespace ficus::control
