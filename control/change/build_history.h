#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "control/clock.h"

namespace ficus::control {

// What the build header of one backend has said, and what a value of it means. Pure.
//
// A value that was never seen is a deploy. In a rolling one both builds answer in turn, so what is
// known stays known: the last kRemembered values. A value that comes within kApart of another new
// one belongs to the same deploy, or is none: a header that changes with every answer.
class BuildHistory {
 public:
  static constexpr std::size_t kRemembered = 16;
  static constexpr std::chrono::seconds kApart{10};

  enum class Finding {
    known,
    first,    // there was none before it: nothing has changed
    fresh,    // another build runs now
    crowded,  // new, and too soon after the last new one
  };

  Finding see(std::string_view build, Clock::Monotonic now);

  // The latest that was new; empty: none was seen.
  std::string_view current() const;

 private:
  std::deque<std::string> known_;                // the latest last
  std::optional<Clock::Monotonic> last_change_;  // fresh or crowded
};

}  // namespace ficus::control
