#include "control/metrics/aggregator.h"

#include <algorithm>
#include <numeric>

namespace ficus::control {
namespace {

using std::chrono::seconds;

constexpr std::array<seconds, kWindows> kWindowLengths{seconds{10}, seconds{60}, seconds{600}};
constexpr seconds kDurationsEvery{10};
constexpr seconds kDurationsKept{60};

// The newest sample that is at least `age` old, else the oldest one.
template <typename Sample>
const Sample& sample_before(const std::deque<Sample>& samples, Clock::Monotonic now, seconds age) {
  const auto younger = std::partition_point(samples.begin(), samples.end(),
                                            [&](const Sample& one) { return one.at <= now - age; });
  return younger == samples.begin() ? samples.front() : *(younger - 1);
}

template <typename Sample>
void drop_older(std::deque<Sample>& samples, Clock::Monotonic now, seconds age) {
  while (samples.size() > 1 && samples[1].at <= now - age) samples.pop_front();
}

std::optional<double> quantile(
    const std::array<std::uint64_t, proxy::LatencyHistogram::kBuckets>& counts, double share) {
  const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return std::nullopt;
  const double rank = share * static_cast<double>(all);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
    seen += counts[bucket];
    if (static_cast<double>(seen) < rank) continue;
    const std::uint64_t bound = proxy::LatencyHistogram::upper_bound(bucket);
    // The last bucket has no upper end: its lower one is what is known.
    const std::uint64_t micros =
        bound == 0 ? proxy::LatencyHistogram::upper_bound(bucket - 1) : bound;
    return static_cast<double>(micros) / 1e6;
  }
  return std::nullopt;
}

}  // namespace

Aggregator::Totals Aggregator::sum(const proxy::RouteState& route, Clock::Monotonic now) {
  Totals totals;
  totals.at = now;
  for (const auto& worker : route.per_worker) {
    for (std::size_t side = 0; side < proxy::kSides; ++side) {
      const proxy::SideCells& cells = worker.cells.sides[side];
      for (std::size_t i = 0; i < proxy::StatusCells::kCells; ++i) {
        totals.requests[side] += cells.requests.value(i);
      }
      for (const proxy::Cell& errors : cells.errors) totals.errors[side] += errors.value();
    }
    for (const proxy::Cell& errors : worker.cells.client_errors) {
      totals.client_errors += errors.value();
    }
    totals.fallbacks +=
        worker.cells.fallbacks[static_cast<std::size_t>(proxy::FallbackOutcome::served)].value();
  }
  return totals;
}

Aggregator::Durations Aggregator::sum_durations(const proxy::RouteState& route,
                                                Clock::Monotonic now) {
  Durations durations;
  durations.at = now;
  for (const auto& worker : route.per_worker) {
    for (std::size_t side = 0; side < proxy::kSides; ++side) {
      for (std::size_t i = 0; i < proxy::LatencyHistogram::kBuckets; ++i) {
        durations.sides[side][i] += worker.cells.sides[side].duration.count(i);
      }
    }
  }
  return durations;
}

void Aggregator::sample(const proxy::RoutingSnapshot& snapshot, Clock::Monotonic now) {
  for (const proxy::Route& route : snapshot.routes) {
    History& history = routes_[route.state->name];
    history.totals.push_back(sum(*route.state, now));
    drop_older(history.totals, now, kWindowLengths.back());
    if (history.durations.empty() || now - history.durations.back().at >= kDurationsEvery) {
      history.durations.push_back(sum_durations(*route.state, now));
      drop_older(history.durations, now, kDurationsKept);
    }
  }
}

RouteRates Aggregator::rates(const proxy::RouteState& route, Clock::Monotonic now) const {
  RouteRates rates;
  const Totals current = sum(route, now);
  rates.client_errors = current.client_errors;
  rates.fallbacks = current.fallbacks;
  for (std::size_t side = 0; side < proxy::kSides; ++side) {
    rates.sides[side].requests = current.requests[side];
    rates.sides[side].errors = current.errors[side];
  }
  const auto found = routes_.find(route.name);
  if (found == routes_.end() || found->second.totals.empty()) return rates;
  const History& history = found->second;

  for (std::size_t window = 0; window < kWindows; ++window) {
    const Totals& then = sample_before(history.totals, now, kWindowLengths[window]);
    const double elapsed = std::max(1.0, std::chrono::duration<double>(now - then.at).count());
    for (std::size_t side = 0; side < proxy::kSides; ++side) {
      const auto requests = static_cast<double>(current.requests[side] - then.requests[side]);
      const auto errors = static_cast<double>(current.errors[side] - then.errors[side]);
      rates.sides[side].per_second[window] = requests / elapsed;
      // A failure that a fallback hid has no status of its own on this side.
      const double outcomes = std::max(requests, errors);
      rates.sides[side].error_ratio[window] = outcomes > 0 ? errors / outcomes : 0;
    }
  }
  const Totals& minute = sample_before(history.totals, now, kWindowLengths[1]);
  rates.client_errors_minute = current.client_errors - minute.client_errors;
  rates.fallbacks_minute = current.fallbacks - minute.fallbacks;

  const Durations& before = history.durations.front();
  Durations recent = sum_durations(route, now);
  for (std::size_t side = 0; side < proxy::kSides; ++side) {
    for (std::size_t i = 0; i < recent.sides[side].size(); ++i) {
      recent.sides[side][i] -= before.sides[side][i];
    }
    rates.sides[side].p50 = quantile(recent.sides[side], 0.5);
    rates.sides[side].p90 = quantile(recent.sides[side], 0.9);
    rates.sides[side].p99 = quantile(recent.sides[side], 0.99);
  }
  return rates;
}

}  // namespace ficus::control
