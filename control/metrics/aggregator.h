#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "control/clock.h"
#include "proxy/snapshot.h"

namespace ficus::control {

inline constexpr std::size_t kWindows = 3;  // the last 10 s, minute, 10 minutes

// What one side of a route does, over several windows.
struct SideRates {
  std::array<double, kWindows> per_second{};
  std::array<double, kWindows> error_ratio{};  // 0 when there were no requests
  std::uint64_t requests = 0;                  // since start
  std::uint64_t errors = 0;
  // Of the last minute, in seconds; unset without requests. At most a quarter too high.
  std::optional<double> p50;
  std::optional<double> p90;
  std::optional<double> p99;
};

// What users of a route got.
struct RouteRates {
  std::array<SideRates, proxy::kSides> sides;
  std::uint64_t client_errors = 0;  // since start
  std::uint64_t fallbacks = 0;      // that saved an answer, since start
  std::uint64_t client_errors_minute = 0;
  std::uint64_t fallbacks_minute = 0;
};

// Sums what the workers count and remembers the last ten minutes: by the second for a minute, by
// ten seconds before. A route without traffic costs no memory. Thread: the control thread.
class Aggregator {
 public:
  // Takes a sample of a route, if the last one is a second old; may be called more often.
  void sample(const proxy::RouteState& route, Clock::Monotonic now);

  RouteRates rates(const proxy::RouteState& route, Clock::Monotonic now) const;

 private:
  using Histogram = std::array<std::uint64_t, proxy::LatencyHistogram::kBuckets>;

  struct Counts {
    std::array<std::uint64_t, proxy::kSides> requests{};
    std::array<std::uint64_t, proxy::kSides> errors{};
    std::uint64_t client_errors = 0;
    std::uint64_t fallbacks = 0;

    bool operator==(const Counts&) const = default;
  };
  struct Totals {
    Clock::Monotonic at;     // when these counts were first seen
    Clock::Monotonic until;  // and last
    Counts counts;
  };
  struct Durations {
    Clock::Monotonic at;
    std::array<Histogram, proxy::kSides> sides{};
  };
  struct History {
    std::deque<Totals> totals;        // of seconds in which something changed
    std::deque<Durations> durations;  // one in ten seconds, a minute
  };

  static Counts sum(const proxy::RouteState& route);
  static void sample_durations(History& history, const proxy::RouteState& route,
                               Clock::Monotonic now);
  static void thin_out(std::deque<Totals>& totals, Clock::Monotonic now);
  static Durations sum_durations(const proxy::RouteState& route, Clock::Monotonic now);

  std::map<std::string, History> routes_;
};

}  // namespace ficus::control
