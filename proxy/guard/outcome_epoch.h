#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/model.h"
#include "config/weight.h"
#include "proxy/guard/slow_start.h"
#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// Sticky keys are compared as 63-bit hashes: new iff hash < threshold. A full share is kHashScale.
inline constexpr std::uint64_t kHashScale = std::uint64_t{1} << 63;

constexpr std::uint64_t sticky_threshold(config::Weight weight) {
  return kHashScale / config::Weight::kFull * weight.basis_points() +
         kHashScale % config::Weight::kFull * weight.basis_points() / config::Weight::kFull;
}

// The outcomes of the requests that were assigned under one weight. A worker writes its own slot
// only; readers sum. Late outcomes land in a closed epoch and count for nobody.
//
// An exchange that was let in by admit_new, admit_new_keyless or assign_new ends with exactly one
// of new_success, new_uncounted and FastLane::new_failure, on the same epoch and worker.
//
// Thread: methods that take `worker` belong to that worker's thread; all others to any thread.
// Lifetime: held by the snapshots that carry it and by the lane while it is the open one.
class OutcomeEpoch {
 public:
  struct Terms {
    config::Weight weight;
    config::Weight previous;  // weight before
    std::uint32_t stage = 0;  // entries of stages since start or rearm
    std::size_t workers = 1;
    bool sticky = false;
    bool slow_start = false;  // begin with 5 tokens (unsticky) or a ramp (sticky)
    SteadyTime opened{};
    config::GuardMode mode = config::GuardMode::enforce;
    // Effective threshold before, where a sticky ramp begins; unset: that of `previous`.
    std::optional<std::uint64_t> ramp_from{};
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
  // Read the time of assignment before the call. On a sticky route it always admits: there the
  // threshold holds back.
  bool admit_new(std::size_t worker) {
    if (!terms_.sticky && slow_starting() && !tokens_.take()) return false;
    add(slots_[worker].new_assigned);
    return true;
  }

  // The same for a request without a key on a sticky route, drawn at the full weight: while the
  // ramp runs, only the share that the ramp has reached is let in.
  bool admit_new_keyless(std::size_t worker);

  // A request goes to new by an `assign` rule: counted for the absolute test, never held back.
  void assign_new(std::size_t worker) {
    if (!terms_.sticky && slow_starting()) tokens_.take_anyway();
    add(slots_[worker].new_assigned);
  }

  // Is a request drawn for legacy counted now? (Not while slow start holds requests back: the two
  // sides would be compared over different moments.)
  bool counts_legacy() const { return terms_.sticky || !slow_starting() || tokens_.any(); }

  // The effective threshold of sticky keys now, raised step by step while a ramp runs. A key
  // between it and sticky_threshold(weight) goes to legacy with reason slow_start.
  std::uint64_t sticky_threshold_now() const { return threshold_.load(std::memory_order_relaxed); }

  // Outcomes of counted requests. A failure on new goes through FastLane::new_failure instead.
  void new_success(std::size_t worker) {
    add(slots_[worker].new_success);
    if (!terms_.sticky && slow_starting()) tokens_.success();
  }
  void legacy_success(std::size_t worker) { add(slots_[worker].legacy_success); }
  void legacy_failure(std::size_t worker) { add(slots_[worker].legacy_failure); }

  // An exchange on new ended in a way that counts for nobody (client abort, 413 …). It stays the
  // success that it was when it was assigned, which can only delay a verdict.
  void new_uncounted(std::size_t) {
    if (!terms_.sticky && slow_starting()) tokens_.give_back();
  }

  bool slow_starting() const { return slow_starting_.load(std::memory_order_relaxed); }
  std::int32_t tokens() const { return tokens_.tokens(); }
  Sums sums() const;  // failures are read before successes, those before assignments

 private:
  friend class FastLane;

  using Count = std::atomic<std::uint64_t>;

  struct alignas(64) Slot {
    Count new_assigned{0};
    Count new_success{0};
    Count new_failure{0};
    Count legacy_success{0};
    Count legacy_failure{0};
    Count keyless_credit{0};
  };

  static void add(Count& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // For the lane.
  void new_failure(std::size_t worker);
  std::uint64_t assigned() const;
  void close() { closed_.store(true, std::memory_order_release); }
  // Goes on with slow start; true if it ended with this call. Under the lane's lock.
  bool advance_slow_start(SteadyTime now, std::optional<SteadyTime> last_failure);
  double slow_start_progress() const;

  const Terms terms_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> slow_starting_{false};
  std::atomic<std::uint64_t> threshold_{0};
  std::vector<Slot> slots_;
  StickyRamp ramp_;  // under the lane's lock
  TokenCount tokens_;
};

}  // namespace ficus::proxy
