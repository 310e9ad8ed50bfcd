#pragma once

#include "control/clock.h"

namespace ficus::control {

// A clock that stands until it is told to move. One thread.
class ManualClock final : public Clock {
 public:
  Monotonic now() const override { return Monotonic{} + since_start_; }
  Wall wall() const override { return Wall{} + kStart + since_start_; }

  void advance(std::chrono::milliseconds by) { since_start_ += by; }

 private:
  static constexpr std::chrono::seconds kStart{1'700'000'000};

  std::chrono::milliseconds since_start_{1'000};
};

}  // namespace ficus::control
