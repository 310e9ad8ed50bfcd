#include "control/admin/route_json.h"

#include <cmath>
#include <cstdio>
#include <ctime>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "control/duration_text.h"

namespace ficus::control {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::array<const char*, kWindows> kWindowNames{"10s", "1m", "10m"};

// Numbers that people read need no 17 digits.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

json::value optional_ms(const std::optional<double>& seconds) {
  if (!seconds) return nullptr;
  return rounded(*seconds * 1e3);
}

json::object side_json(const SideRates& rates, const std::string& backend,
                       const std::string& build) {
  json::object per_second;
  json::object error_percent;
  for (std::size_t i = 0; i < kWindows; ++i) {
    per_second[kWindowNames[i]] = rounded(rates.per_second[i]);
    error_percent[kWindowNames[i]] = rounded(rates.error_ratio[i] * 100);
  }
  json::object result{{"backend", backend}};
  if (!build.empty()) result["build"] = build;
  result["requests"] = rates.requests;
  result["errors"] = rates.errors;
  result["per_second"] = std::move(per_second);
  result["error_percent"] = std::move(error_percent);
  result["latency_ms"] = {{"p50", optional_ms(rates.p50)},
                          {"p90", optional_ms(rates.p90)},
                          {"p99", optional_ms(rates.p99)}};
  return result;
}

json::object stop_json(const RouteEntry::Stop& stop) {
  return {{"since", timestamp(stop.since)},
          {"by", stop.actor},
          {"cause", stop.cause},
          {"reason", stop.reason},
          {"weight_before", stop.weight_before.percent()}};
}

const char* text(config::GuardMode mode) {
  switch (mode) {
    case config::GuardMode::enforce:
      return "enforce";
    case config::GuardMode::observe:
      return "observe";
    case config::GuardMode::off:
      return "off";
  }
  return "off";
}

json::object epoch_json(const proxy::OutcomeEpoch::Sums& sums) {
  return {{"new_assigned", sums.new_assigned},
          {"new_success", sums.new_success},
          {"new_failure", sums.new_failure},
          {"legacy_success", sums.legacy_success},
          {"legacy_failure", sums.legacy_failure}};
}

json::object evidence_json(const proxy::Evidence& evidence) {
  json::object result{{"test", proxy::text(evidence.test)},
                      {"stage", evidence.stage},
                      {"forgiven_error_percent", rounded(evidence.tau * 100)},
                      {"slow_starting", evidence.slow_starting},
                      {"counted_failures", evidence.counted_failures},
                      {"failing_keys", evidence.failing_keys},
                      {"failing_clients", evidence.failing_clients},
                      {"epoch", epoch_json(evidence.epoch)}};
  if (evidence.test == proxy::Test::absolute) {
    result["wealth"] = evidence.wealth;
    result["threshold"] = evidence.threshold;
  } else {
    result["window_outcomes"] = evidence.window_outcomes;
    result["window_failures"] = evidence.window_failures;
  }
  if (evidence.slow_starting) {
    result["slow_start_percent"] = rounded(evidence.slow_start_progress * 100);
  }
  return result;
}

json::array failures_json(const std::vector<proxy::KeptFailure>& failures,
                          const proxy::Trip& trip) {
  json::array result;
  for (const proxy::KeptFailure& failure : failures) {
    const auto before = std::chrono::duration_cast<milliseconds>(trip.at - failure.at);
    json::object one{{"kind", proxy::text(failure.kind)},
                     {"method", failure.method},
                     {"path", failure.path},
                     {"endpoint", failure.endpoint},
                     {"request_id", failure.request_id},
                     {"ms_before_verdict", before.count()}};
    one["status"] = failure.status == 0 ? json::value(nullptr) : json::value(failure.status);
    result.push_back(std::move(one));
  }
  return result;
}

json::object decision_json(const RouteView& route, Detail detail) {
  const Decision& decision = *route.decision;
  json::object result{{"verdict", control::text(decision.kind)},
                      {"at", timestamp(decision.at)},
                      {"by", decision.actor},
                      {"cause", decision.cause},
                      {"summary", decision.summary},
                      {"weight", decision.weight.percent()},
                      {"users_saw_errors", route.aftermath.errors},
                      {"fallbacks", route.aftermath.fallbacks}};
  if (!decision.build.empty()) result["build"] = decision.build;
  if (!decision.trip || detail != Detail::full) return result;
  const proxy::Trip& trip = *decision.trip;
  result["evidence"] = evidence_json(trip.evidence);
  result["epoch_age_ms"] = std::chrono::duration_cast<milliseconds>(trip.epoch_age).count();
  result["first_failures"] = failures_json(trip.first, trip);
  result["last_failures"] = failures_json(trip.last, trip);
  return result;
}

json::array endpoints_json(const View& view, const std::string& backend) {
  json::array result;
  for (const auto& one : view.snapshot->backends) {
    if (one->name != backend) continue;
    for (const proxy::Endpoint& endpoint : one->endpoints) {
      json::object shown{{"endpoint", endpoint.state->name},
                         {"address", endpoint.state->address.text()},
                         {"healthy", endpoint.healthy}};
      if (one->outlier_detection) shown["ejected"] = endpoint.state->standing.ejected();
      result.push_back(std::move(shown));
    }
  }
  return result;
}

}  // namespace

std::string timestamp(Clock::Wall at) {
  const auto since_epoch = std::chrono::duration_cast<milliseconds>(at.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(since_epoch.count() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[24];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char result[32];
  std::snprintf(result, sizeof result, "%s.%03dZ", date,
                static_cast<int>(since_epoch.count() % 1000));
  return result;
}

json::object to_json(const RouteEntry& entry) {
  json::object result{{"name", entry.name},
                      {"version", entry.version},
                      {"weight", entry.effective().percent()},
                      {"origin", control::text(entry.origin())},
                      {"file_weight", entry.file.percent()},
                      {"drift", entry.effective() != entry.file}};
  if (entry.override_) {
    result["override"] = {{"weight", entry.override_->weight.percent()},
                          {"by", entry.override_->actor},
                          {"reason", entry.override_->reason},
                          {"since", timestamp(entry.override_->since)}};
  }
  if (const auto pending = entry.pending_file()) result["pending_file_weight"] = pending->percent();
  result["latched"] = entry.latch.has_value();
  if (entry.latch) result["latch"] = stop_json(*entry.latch);
  if (entry.retreat) result["retreat"] = stop_json(*entry.retreat);
  return result;
}

json::object to_json(const RouteView& route, const View& view, Detail detail) {
  json::object result = to_json(route.entry);
  if (route.override_left) {
    result["override"].as_object()["ends_in"] = duration_text(*route.override_left);
  }
  json::object sides;
  if (!route.legacy.empty()) {
    sides["legacy"] = side_json(route.rates.sides[proxy::index(proxy::Side::legacy)], route.legacy,
                                route.legacy_build);
  }
  if (!route.fresh.empty()) {
    sides["new"] = side_json(route.rates.sides[proxy::index(proxy::Side::fresh)], route.fresh,
                             route.fresh_build);
  }
  if (detail == Detail::full) {
    for (auto& [name, side] : sides) {
      json::object& object = side.as_object();
      object["endpoints"] = endpoints_json(view, std::string(object["backend"].as_string()));
    }
  }
  result["sides"] = std::move(sides);
  result["users_saw_errors"] = route.rates.client_errors;
  result["fallbacks"] = route.rates.fallbacks;
  json::object guard{{"mode", text(route.guard_mode)},
                     {"armed", route.evidence.armed},
                     {"max_error_percent", route.max_error_rate}};
  if (route.legacy_rate) guard["legacy_error_percent"] = rounded(*route.legacy_rate * 100);
  if (route.guard_mode != config::GuardMode::off) {
    guard["evidence"] = evidence_json(route.evidence);
  }
  result["guard"] = std::move(guard);
  if (route.decision) result["last_decision"] = decision_json(route, detail);
  return result;
}

}  // namespace ficus::control
