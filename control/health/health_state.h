#pragma once

#include "config/model.h"

namespace ficus::control {

// Turns the results of checks into "healthy" or not. The first result counts at once, so that a
// start or a reload does not send users to a dead endpoint; later ones need a row. Pure.
class HealthState {
 public:
  // `healthy`: what holds until the first result.
  explicit HealthState(const config::HealthCheck& check, bool healthy = true)
      : healthy_after_(check.healthy_after),
        unhealthy_after_(check.unhealthy_after),
        healthy_(healthy) {}

  bool healthy() const { return healthy_; }

  // Takes in one result. True: healthy() has changed.
  bool record(bool passed) {
    const bool before = healthy_;
    if (first_) {
      first_ = false;
      healthy_ = passed;
      return healthy_ != before;
    }
    row_ = passed == healthy_ ? 0 : row_ + 1;
    if (row_ >= (healthy_ ? unhealthy_after_ : healthy_after_)) {
      healthy_ = !healthy_;
      row_ = 0;
    }
    return healthy_ != before;
  }

 private:
  const int healthy_after_;
  const int unhealthy_after_;
  bool first_ = true;
  bool healthy_;
  int row_ = 0;  // results in a row that contradict healthy_
};

}  // namespace ficus::control
