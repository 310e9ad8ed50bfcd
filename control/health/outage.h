#pragma once

#include <chrono>
#include <cstdint>

#include "control/clock.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// A time without any healthy endpoint on the new side of a route: when to act on it. Pure.
class Outage {
 public:
  enum class Step : std::uint8_t { wait, hold, act };

  explicit Outage(Clock::Monotonic since) : since_(since) {}

  // Asked at each tick while it lasts. `act` once, as soon as it has lasted for `grace` and legacy
  // can serve; `hold` at most once before, if legacy cannot when the grace ends.
  Step step(Clock::Monotonic now, std::chrono::milliseconds grace, const proxy::Backend& legacy) {
    if (acted_ || now - since_ < grace) return Step::wait;
    if (legacy.usable()) {
      acted_ = true;
      return Step::act;
    }
    if (held_) return Step::wait;
    held_ = true;
    return Step::hold;
  }

 private:
  Clock::Monotonic since_;
  bool held_ = false;
  bool acted_ = false;
};

}  // namespace ficus::control
