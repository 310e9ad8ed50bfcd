#include "proxy/guard/slow_start.h"

#include <algorithm>
#include <chrono>

namespace ficus::proxy {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kLowestLimit = 1000;
constexpr seconds kQuiet{10};

}  // namespace

bool TokenCount::take() {
  std::uint64_t seen = packed_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    if (tokens_of(seen) <= 0) {
      if (!dipped_.load(std::memory_order_relaxed)) dipped_.store(true, std::memory_order_relaxed);
      return false;
    }
    next = seen + pack(-1) + 1;
  } while (!packed_.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  taken(next);
  return true;
}

void TokenCount::take_anyway() {
  constexpr std::uint64_t kStep = pack(-1) + 1;
  taken(packed_.fetch_add(kStep, std::memory_order_relaxed) + kStep);
}

void TokenCount::taken(std::uint64_t packed) {
  const std::uint32_t in_flight = in_flight_of(packed);
  std::uint32_t peak = peak_in_flight_.load(std::memory_order_relaxed);
  while (in_flight > peak &&
         !peak_in_flight_.compare_exchange_weak(peak, in_flight, std::memory_order_relaxed)) {
  }
  if (tokens_of(packed) <= limit() && !dipped_.load(std::memory_order_relaxed)) {
    dipped_.store(true, std::memory_order_relaxed);
  }
}

std::int64_t TokenCount::limit() const {
  return std::max(kLowestLimit, std::int64_t{2} * peak_in_flight_.load(std::memory_order_relaxed));
}

bool TokenCount::enough(SteadyTime now) {
  const bool dipped = dipped_.exchange(false, std::memory_order_relaxed);
  if (dipped || tokens() <= limit()) {
    above_since_.reset();
    return false;
  }
  if (!above_since_) above_since_ = now;
  return now - *above_since_ >= kQuiet;
}

StickyRamp::StickyRamp(std::uint64_t from, std::uint64_t to, SteadyTime opened)
    : from_(std::min(from, to)), to_(to), shift_(from < to ? kDoublings : 0), doubled_at_(opened) {}

void StickyRamp::advance(SteadyTime now, std::uint64_t successes,
                         std::optional<SteadyTime> last_failure) {
  if (!running()) return;
  const SteadyTime quiet_since = last_failure ? std::max(doubled_at_, *last_failure) : doubled_at_;
  if (successes < successes_ + needed_ && now - quiet_since < kQuiet) return;
  --shift_;
  needed_ *= 2;
  successes_ = successes;
  doubled_at_ = now;
}

}  // namespace ficus::proxy
