#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// How many requests the new side may have in flight after a rise, until it has proved itself, on a
// route without sticky keys: 5 tokens; a request takes one, a success brings two, a failure one.
// So a broken side never has more than 5 in flight, and a healthy one doubles with each answer.
//
// Thread: any; one shared write a request, as long as slow start lasts.
class alignas(64) TokenCount {
 public:
  // False: none left.
  bool take();
  // For requests that are never held back; the count may go below zero.
  void take_anyway();
  void success() { finish(2); }
  // A failure, or an exchange that counts for nobody.
  void give_back() { finish(1); }

  bool any() const { return tokens() > 0; }
  std::int32_t tokens() const { return tokens_of(packed_.load(std::memory_order_relaxed)); }

  // Has slow start done its work: did the tokens stay above max(1,000, twice the peak in flight)
  // for 10 s? Thread: one; call it every 100 ms.
  bool enough(SteadyTime now);

 private:
  static constexpr std::int32_t kStart = 5;

  // Tokens in the upper, exchanges in flight in the lower half: both change in one step.
  static constexpr std::uint64_t pack(std::int32_t tokens) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(tokens)) << 32;
  }
  static constexpr std::int32_t tokens_of(std::uint64_t packed) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(packed >> 32));
  }
  static constexpr std::uint32_t in_flight_of(std::uint64_t packed) {
    return static_cast<std::uint32_t>(packed);
  }

  void finish(std::int32_t tokens) {
    packed_.fetch_add(pack(tokens) - 1, std::memory_order_relaxed);
  }
  void taken(std::uint64_t packed);
  std::int64_t limit() const;

  std::atomic<std::uint64_t> packed_{pack(kStart)};
  std::atomic<std::uint32_t> peak_in_flight_{0};
  std::atomic<bool> dipped_{true};  // below the limit since the last look
  std::optional<SteadyTime> above_since_;
};

// The effective threshold of sticky keys after a rise: it begins with 1/64 of the step and doubles
// after 5, 10, 20 … successes since the last doubling, or after 10 s without a failure. It only
// rises: a key that is on the new side stays there.
//
// Pure. Thread: one at a time.
class StickyRamp {
 public:
  // Thresholds as in sticky_threshold(). from >= to: there is no ramp.
  StickyRamp(std::uint64_t from, std::uint64_t to, SteadyTime opened);

  // `successes` of the epoch so far; `last_failure` of the route's new side, if any.
  void advance(SteadyTime now, std::uint64_t successes, std::optional<SteadyTime> last_failure);

  std::uint64_t threshold() const { return to_ - ((to_ - from_) - ((to_ - from_) >> shift_)); }
  bool running() const { return shift_ > 0; }
  double progress() const { return 1.0 / static_cast<double>(1u << shift_); }

 private:
  static constexpr unsigned kDoublings = 6;

  std::uint64_t from_;
  std::uint64_t to_;
  unsigned shift_;
  std::uint64_t needed_ = 5;
  std::uint64_t successes_ = 0;  // at the last doubling
  SteadyTime doubled_at_;
};

}  // namespace ficus::proxy
