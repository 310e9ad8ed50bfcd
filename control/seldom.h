#pragma once

#include <chrono>
#include <optional>

namespace ficus::control {

// Keeps what happens over and over out of the log: true once in a `pause`, the first time included.
// One thread.
class Seldom {
 public:
  explicit Seldom(std::chrono::seconds pause) : pause_(pause) {}

  bool due(std::chrono::steady_clock::time_point now) {
    if (last_ && now - *last_ < pause_) return false;
    last_ = now;
    return true;
  }

 private:
  const std::chrono::seconds pause_;
  std::optional<std::chrono::steady_clock::time_point> last_;
};

}  // namespace ficus::control
