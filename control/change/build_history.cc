#include "control/change/build_history.h"

#include <algorithm>

namespace ficus::control {

BuildHistory::Finding BuildHistory::see(std::string_view build, Clock::Monotonic now) {
  if (std::ranges::find(known_, build) != known_.end()) return Finding::known;
  const bool is_first = known_.empty();
  known_.emplace_back(build);
  if (known_.size() > kRemembered) known_.pop_front();
  if (is_first) return Finding::first;
  const bool crowded = last_change_ && now - *last_change_ < kApart;
  last_change_ = now;
  return crowded ? Finding::crowded : Finding::fresh;
}

std::string_view BuildHistory::current() const {
  return known_.empty() ? std::string_view() : std::string_view(known_.back());
}

}  // namespace ficus::control
