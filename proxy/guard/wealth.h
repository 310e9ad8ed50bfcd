#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// The highest error rate that is forgiven, as a ratio: the larger of `max_error_rate` (percent) and
// twice legacy's own rate (ratio), at most 45 %.
double forgiven_rate(double max_error_rate, double legacy_rate);

// Shares of the starting capital. Entering stage j = 0, 1, … and the m-th failure, m = 1, 2, …:
// each series sums to at most one half, so that a whole migration stakes at most 1.
double stage_seed(std::uint32_t j);
double failure_seed(std::uint64_t m);

// The evidence against "the new side fails at most at rate tau", as the wealth of a gambler who
// bets on failures at fair odds. While that sentence is true its expectation is at most 1 whatever
// the moment of looking, so it ever reaches 500 with a probability of at most 0.2 % (Ville).
//
// It is judged in the order of assignment: a request is a success from the moment it is assigned
// to the new side; a failure takes that back and multiplies only what was sown before its own
// assignment. So neither slow answers nor bursts nor the end of traffic can deceive it.
//
// What was sown is kept in layers with their time of sowing. Two neighbours that merge take the
// later time: that loses some wealth and never invents any.
//
// Pure arithmetic: no clock, no lock. Thread: one at a time.
class AbsoluteWealth {
 public:
  static constexpr double kThreshold = 500;
  static constexpr std::size_t kMaxLayers = 10;
  static constexpr std::size_t kComponents = 3;

  explicit AbsoluteWealth(double tau) { set_tau(tau); }

  // Begins a new budget: nothing sown, j = 0, m = 0. Keeps tau.
  void restart();

  // A ratio in (0, 0.45]. Holds for what is assigned from now on.
  void set_tau(double tau);

  // From now on every request that is judged was assigned after `at`: all layers become one.
  void begin_epoch(SteadyTime at);

  // The same, and sows the seed of the next stage.
  void enter_stage(SteadyTime at);

  // `count` requests were assigned to the new side: so many successes.
  void assigned(std::uint64_t count);

  // A request that was assigned at that time failed.
  void failed(SteadyTime assigned_at);

  // It failed and counts neither as a failure nor as a success.
  void forgiven(SteadyTime assigned_at);

  // Sows the seed of the next failure; to be called after the check that follows failed().
  // Precondition: every request given to assigned() so far was assigned at or before `now`.
  void sow(SteadyTime assigned_at, SteadyTime now);

  double total() const;
  bool convincing() const { return total() >= kThreshold; }

  double tau() const { return tau_; }
  std::uint32_t stages() const { return stages_; }
  std::uint64_t failures() const { return failures_; }
  std::size_t layers() const { return count_; }

 private:
  struct Layer {
    SteadyTime sown_at{};
    std::array<double, kComponents> wealth{};
  };

  // What one component multiplies by.
  struct Odds {
    double success = 1;
    double failure = 1;
  };

  void add_seed(double amount, SteadyTime at);
  void open_layer(SteadyTime now);
  void merge_closest(SteadyTime now);

  double tau_ = 0.05;
  std::array<Odds, kComponents> odds_{};
  std::array<Layer, kMaxLayers> layers_{};  // oldest first; the last one is open for seeds
  std::size_t count_ = 0;
  SteadyTime closed_at_{};  // when a layer was last closed
  std::uint32_t stages_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace ficus::proxy
