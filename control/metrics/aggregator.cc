#include "control/metrics/aggregator.h"

#include <algorithm>
#include <numeric>

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<seconds, kWindows> kWindowLengths{seconds{10}, seconds{60}, seconds{600}};
constexpr milliseconds kSampleEvery{950};  // a tick early rather than one late
constexpr seconds kFine{60};               // samples older than that are ten seconds apart
constexpr seconds kCoarse{10};
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

Aggregator::Counts Aggregator::sum(const proxy::RouteState& route) {
  Counts totals;
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

void Aggregator::sample(const proxy::RouteState& route, Clock::Monotonic now) {
  History& history = routes_[route.name];
  if (!history.totals.empty() && now - history.totals.back().until < kSampleEvery) return;
  const Counts counts = sum(route);
  if (history.totals.empty() || history.totals.back().counts != counts) {
    history.totals.push_back({now, now, counts});
    thin_out(history.totals, now);
    drop_older(history.totals, now, kWindowLengths.back());
  }
  history.totals.back().until = now;
  sample_durations(history, route, now);
}

// Nothing is kept of a route that had no requests yet; a quiet one needs no further sample after
// the one that follows its last request.
void Aggregator::sample_durations(History& history, const proxy::RouteState& route,
                                  Clock::Monotonic now) {
  std::deque<Durations>& durations = history.durations;
  const bool first = durations.empty() && history.totals.back().counts != Counts{};
  const bool again = !durations.empty() && now - durations.back().at >= kDurationsEvery &&
                     history.totals.back().at > durations.back().at;
  if (first || again) durations.push_back(sum_durations(route, now));
  drop_older(durations, now, kDurationsKept);
}

// The sample that has just become a minute old stays only if it is well apart from the one before.
void Aggregator::thin_out(std::deque<Totals>& totals, Clock::Monotonic now) {
  const auto fine = std::partition_point(
      totals.begin(), totals.end(), [&](const Totals& one) { return one.until <= now - kFine; });
  if (fine - totals.begin() < 2) return;
  const auto last = fine - 1;
  if (last->until - (last - 1)->until < kCoarse) totals.erase(last);
}

RouteRates Aggregator::rates(const proxy::RouteState& route, Clock::Monotonic now) const {
  RouteRates rates;
  const Counts current = sum(route);
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
    const Totals& sample = sample_before(history.totals, now, kWindowLengths[window]);
    const Counts& then = sample.counts;
    // These counts held until then, or until the window began.
    const auto began = std::max(sample.at, std::min(sample.until, now - kWindowLengths[window]));
    const double elapsed = std::max(1.0, std::chrono::duration<double>(now - began).count());
    for (std::size_t side = 0; side < proxy::kSides; ++side) {
      const auto requests = static_cast<double>(current.requests[side] - then.requests[side]);
      const auto errors = static_cast<double>(current.errors[side] - then.errors[side]);
      rates.sides[side].per_second[window] = requests / elapsed;
      // A failure that a fallback hid has no status of its own on this side.
      const double outcomes = std::max(requests, errors);
      rates.sides[side].error_ratio[window] = outcomes > 0 ? errors / outcomes : 0;
    }
  }
  const Counts& minute = sample_before(history.totals, now, kWindowLengths[1]).counts;
  rates.client_errors_minute = current.client_errors - minute.client_errors;
  rates.fallbacks_minute = current.fallbacks - minute.fallbacks;

  if (current == Counts{}) return rates;
  Durations recent = sum_durations(route, now);
  for (std::size_t side = 0; side < proxy::kSides; ++side) {
    for (std::size_t i = 0; !history.durations.empty() && i < recent.sides[side].size(); ++i) {
      recent.sides[side][i] -= history.durations.front().sides[side][i];
    }
    rates.sides[side].p50 = quantile(recent.sides[side], 0.5);
    rates.sides[side].p90 = quantile(recent.sides[side], 0.9);
    rates.sides[side].p99 = quantile(recent.sides[side], 0.99);
  }
  return rates;
}

}  // namespace ficus::control
