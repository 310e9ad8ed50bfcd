#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "config/model.h"
#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// The plain rule, for who wants to compute it by hand: in the last `window`, did more than a share
// of the new side's outcomes fail, with at least `min_requests` of them? It knows no patience and
// no evidence: see docs/explanation/guard.md for what that costs.
//
// Fed with running totals of one epoch. Thread: one at a time.
class PlainWindow {
 public:
  struct Counts {
    std::uint64_t outcomes = 0;
    std::uint64_t failures = 0;
  };

  explicit PlainWindow(const config::PlainWindow& settings);

  // Remembers the totals, at most 64 times a window; call it every 100 ms.
  void sample(SteadyTime now, const Counts& totals);

  // What fell into the window that ends now (up to 1/64 longer).
  Counts within(SteadyTime now, const Counts& totals) const;
  bool exceeds(const Counts& counts, double tau) const;
  // The share that failed, as a multiple of tau: more than 1 exceeds. 0 below min_requests.
  double held(const Counts& counts, double tau) const;

  const config::PlainWindow& settings() const { return settings_; }

 private:
  struct Sample {
    SteadyTime at{};
    Counts totals;
  };

  bool is_enough(const Counts& counts) const;

  config::PlainWindow settings_;
  std::chrono::milliseconds spacing_;
  std::deque<Sample> samples_;  // the first one is the newest that is older than the window, if any
};

}  // namespace ficus::proxy
