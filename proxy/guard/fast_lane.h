#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/model.h"
#include "proxy/guard/failing_keys.h"
#include "proxy/guard/failure_log.h"
#include "proxy/guard/legacy_rate.h"
#include "proxy/guard/outcome_epoch.h"
#include "proxy/guard/plain_window.h"
#include "proxy/guard/recent_traffic.h"
#include "proxy/guard/trip.h"
#include "proxy/guard/wealth.h"

namespace ficus::proxy {

// The terms under which a route goes on.
struct LaneChange {
  config::Weight weight;
  bool sticky = false;
  config::Guard guard;  // a route with one side: mode off
  SteadyTime now{};
  // Another build of the new side runs: it has to prove itself again, at the same weight. Sticky
  // keys are not taken from it.
  bool new_build = false;
  // Legacy's rate as remembered from before, used while the lane itself knows fewer than 1,000
  // outcomes of legacy. A ratio.
  std::optional<double> stored_legacy_rate{};
  // K; unset: as the lane has counted.
  std::optional<double> expected_keys{};
};

// The part of the guard that acts at once, one a route: judges each failure of the new side where
// it is seen, before the next request is assigned.
//
// Thread: state(), tripped_at(): any. note(), new_failure(): the worker's own. All else: the
// control side, any thread. Holds the only mutex of the data plane, taken for failures and by the
// control side, never for a request that ends well.
// Lifetime: stable address, outlives all snapshots that refer to it.
class FastLane {
 public:
  using Clock = std::function<SteadyTime()>;

  // `sink` may be null and must outlive the lane. `clock` is for simulated time; it is called
  // under the lock and must never lag behind the times that workers pass.
  FastLane(
      std::string route, std::size_t workers, TripSink* sink,
      Clock clock = [] { return std::chrono::steady_clock::now(); });

  FastLane(const FastLane&) = delete;
  FastLane& operator=(const FastLane&) = delete;

  // To be read at each choice of side, before admit_new.
  LaneState state() const noexcept { return state_.load(std::memory_order_acquire); }

  // When the new side was last taken off (trip, retreat or an operator's latch), until rearm or
  // lift_retreat. An exchange assigned to new before it is in flight on a side known to be broken.
  std::optional<SteadyTime> tripped_at() const noexcept;

  // A request of the route that is drawn (or sticky), to whichever side. `key`: the sticky hash,
  // only under a sticky epoch.
  void note(std::size_t worker, std::uint64_t client, std::optional<std::uint64_t> key) {
    traffic_.note(worker, client, key);
  }

  // An exchange that was admitted to `epoch` failed. May take the new side off before it returns,
  // and then calls the sink.
  void new_failure(OutcomeEpoch& epoch, const FailedExchange& failure, std::size_t worker);

  // The open epoch; closed after a verdict, until the next change. Never null after a change.
  std::shared_ptr<OutcomeEpoch> epoch() const;

  // Closes the open epoch and opens another; what is still in flight counts for nobody. A rise
  // above the highest weight since start or rearm enters a stage; another build does not, and the
  // wealth is kept. Does not lift a latch or retreat.
  // To be called when something in `change` differs from before, and before its snapshot is built.
  std::shared_ptr<OutcomeEpoch> change(const LaneChange& change);

  // An operator, or a side without healthy endpoints. False: it was latched already.
  bool latch(SteadyTime now);

  // Lifts latch or retreat and begins a new budget. A snapshot with weight 0 should be in force on
  // all workers by then: from here on they may choose the new side as their snapshot says.
  std::shared_ptr<OutcomeEpoch> rearm(const LaneChange& change);

  // Lifts a retreat, if there is one, and begins a new budget: the next rise enters a stage. To be
  // followed by change().
  void lift_retreat();

  // Every 100 ms: slow start, windows, who is active, legacy's rate.
  void tick(SteadyTime now);

  Evidence evidence() const;

  // Legacy's error rate over its last 10 minutes or 1,000 outcomes, to be stored.
  std::optional<double> legacy_rate() const;

  const std::string& route() const { return route_; }

 private:
  // All below: under the lock.
  SteadyTime latest(SteadyTime now) const;
  std::shared_ptr<OutcomeEpoch> open_epoch(const LaneChange& change, SteadyTime at);
  void enter_stage(const LaneChange& change, SteadyTime at);
  void restart_keys(const LaneChange& change, SteadyTime at);
  void restart_budget();
  void drain();
  void settle_expected_keys(SteadyTime now);
  void sample_legacy(SteadyTime now);
  std::optional<Trip> judge(const FailedExchange& failure);
  bool exceeds(SteadyTime now) const;
  PlainWindow::Counts totals() const;
  std::optional<Trip> trip(SteadyTime now);
  Verdict verdict(const Evidence& evidence) const;
  void take_off(LaneState state, SteadyTime now);
  Evidence evidence_at(SteadyTime now) const;

  const std::string route_;
  TripSink* const sink_;
  const Clock clock_;

  // Shared, read by every request and written at a verdict.
  alignas(64) std::atomic<LaneState> state_{LaneState::open};
  std::atomic<std::int64_t> tripped_at_{0};

  alignas(64) RecentTraffic traffic_;

  alignas(64) mutable std::mutex mutex_;
  std::shared_ptr<OutcomeEpoch> epoch_;
  config::Guard guard_;
  AbsoluteWealth wealth_;
  std::optional<PlainWindow> window_;
  LegacyRate legacy_;
  mutable FailingKeys keys_;
  FailureLog log_;

  config::Weight highest_;                    // since start or rearm
  std::optional<double> frozen_legacy_rate_;  // at the stage's entry
  std::optional<double> given_keys_;          // K as the control side knows it
  double expected_keys_ = 0;
  bool keys_settled_ = true;
  std::uint32_t failures_per_key_ = 1;
  std::optional<SteadyTime> keys_looked_at_;

  bool reported_ = false;               // mode observe: said it, and it still holds
  std::uint64_t applied_ = 0;           // assignments of the open epoch that the wealth knows
  std::uint64_t counted_failures_ = 0;  // of the open epoch
  OutcomeEpoch::Sums legacy_seen_;      // of the open epoch
  std::optional<SteadyTime> last_failure_;
};

}  // namespace ficus::proxy
