#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/weight.h"
#include "proxy/side.h"

namespace ficus::proxy {

using SteadyTime = std::chrono::steady_clock::time_point;

// Sticky keys are compared as 63-bit hashes: new iff hash < threshold. A full share is kHashScale.
inline constexpr std::uint64_t kHashScale = std::uint64_t{1} << 63;

constexpr std::uint64_t sticky_threshold(config::Weight weight) {
  return kHashScale / config::Weight::kFull * weight.basis_points() +
         kHashScale % config::Weight::kFull * weight.basis_points() / config::Weight::kFull;
}

// The outcomes of the requests that were assigned under one weight. A worker writes its own slot
// only; readers sum. Late outcomes land in a closed epoch and count for nobody.
//
// Thread: methods that take `worker` belong to that worker's thread; all others to any thread.
// Lifetime: held by the snapshots that carry it and by the lane while it is the open one.
class OutcomeEpoch {
 public:
  struct Terms {
    config::Weight weight;
    config::Weight previous;   // effective share before, where a sticky ramp begins
    std::uint32_t stage = 0;   // entries of stages since start or rearm
    std::size_t workers = 1;
    bool sticky = false;
    bool slow_start = false;   // begin with 5 tokens (unsticky) or a ramp (sticky)
    SteadyTime opened{};
  };

  struct Sums {
    std::uint64_t new_assigned = 0;
    std::uint64_t new_success = 0;
    std::uint64_t new_failure = 0;
    std::uint64_t legacy_success = 0;
    std::uint64_t legacy_failure = 0;
  };

  explicit OutcomeEpoch(const Terms& terms);

  const Terms& terms() const { return terms_; }
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  // A request was drawn for the new side. False: slow start holds it back, send it to legacy with
  // reason slow_start and count it for nobody. True: it is assigned and counted (GUARD §1, §4).
  bool admit_new(std::size_t worker);

  // A request goes to new by an `assign` rule: counted for the absolute test, never held back.
  void assign_new(std::size_t worker);

  // Is a request drawn for legacy counted now? (Not while slow start holds requests back.)
  bool counts_legacy() const;

  // The effective threshold of sticky keys now, raised step by step while a ramp runs.
  std::uint64_t sticky_threshold_now() const;

  // Outcomes of counted requests. A failure on new goes through FastLane::new_failure instead.
  void new_success(std::size_t worker);
  void legacy_success(std::size_t worker);
  void legacy_failure(std::size_t worker);

  bool slow_starting() const;
  Sums sums() const;  // failures are read before successes

 private:
  friend class FastLane;

  struct alignas(64) Slot {
    std::atomic<std::uint64_t> new_assigned{0};
    std::atomic<std::uint64_t> new_success{0};
    std::atomic<std::uint64_t> new_failure{0};
    std::atomic<std::uint64_t> legacy_success{0};
    std::atomic<std::uint64_t> legacy_failure{0};
  };

  Terms terms_;
  std::atomic<bool> closed_{false};
  std::vector<Slot> slots_;
};

}  // namespace ficus::proxy
