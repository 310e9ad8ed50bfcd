#include "control/decision.h"

#include <cstdio>
#include <map>
#include <utility>

#include "control/log.h"

namespace ficus::control {
namespace {

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string name_of(const proxy::KeptFailure& failure) {
  if (failure.status != 0) return std::to_string(failure.status);
  return std::string(proxy::text(failure.kind));
}

// "500 ×6, reset ×1": the most frequent first.
std::string tally(const std::vector<proxy::KeptFailure>& failures) {
  std::map<std::string, int> counts;
  for (const proxy::KeptFailure& failure : failures) ++counts[name_of(failure)];
  std::multimap<int, std::string, std::greater<>> ranked;
  for (const auto& [name, count] : counts) ranked.emplace(count, name);
  std::string result;
  for (const auto& [count, name] : ranked) {
    if (!result.empty()) result += ", ";
    result += name + " x" + std::to_string(count);
  }
  return result;
}

std::string evidence_text(const proxy::Evidence& evidence) {
  if (evidence.test == proxy::Test::plain_window) {
    return std::to_string(evidence.window_failures) + " of " +
           std::to_string(evidence.window_outcomes) + " in the window, more than " +
           number(evidence.tau * 100) + " %";
  }
  return "evidence " + number(evidence.wealth) + " >= " + number(evidence.threshold) +
         " against at most " + number(evidence.tau * 100) + " % errors";
}

std::string summary_of(const proxy::Trip& trip) {
  const proxy::OutcomeEpoch::Sums& epoch = trip.evidence.epoch;
  std::string summary = std::to_string(epoch.new_failure) + " of " +
                        std::to_string(epoch.new_assigned) + " on new failed at weight " +
                        number(trip.evidence.weight.percent()) + " %";
  if (!trip.last.empty()) {
    const proxy::KeptFailure& example = trip.last.back();
    summary += ": " + tally(trip.last) + " from " + example.endpoint + ", such as " +
               example.method + " " + example.path;
  }
  return summary + "; " + evidence_text(trip.evidence);
}

}  // namespace

Decision decision_of(std::shared_ptr<const proxy::Trip> trip, std::string build, Clock::Wall at) {
  Decision decision;
  if (trip->would_roll_back) {
    decision.kind = Decision::Kind::would_roll_back;
  } else if (trip->verdict == proxy::Verdict::retreat) {
    decision.kind = Decision::Kind::retreat;
  }
  decision.cause = std::string(trip->cause);
  decision.actor = "guard";
  decision.summary = summary_of(*trip);
  if (!build.empty()) decision.summary += ", build " + build;
  decision.build = std::move(build);
  decision.at = at;
  decision.weight = trip->evidence.weight;
  decision.trip = std::move(trip);
  return decision;
}

std::string log_line(const std::string& route, const Decision& decision) {
  std::string line = std::string(text(decision.kind)) + " route=" + in_quotes(route) +
                     " by=" + decision.actor + " cause=" + decision.cause +
                     " weight=" + number(decision.weight.percent());
  if (decision.trip) {
    const proxy::Trip& trip = *decision.trip;
    line += " failures=" + std::to_string(trip.evidence.epoch.new_failure) +
            " of=" + std::to_string(trip.evidence.epoch.new_assigned) +
            " statuses=" + in_quotes(tally(trip.last)) + " wealth=" + number(trip.evidence.wealth) +
            " threshold=" + number(trip.evidence.threshold) +
            " max_error_rate=" + number(trip.evidence.tau * 100);
    if (!trip.last.empty()) {
      const proxy::KeptFailure& example = trip.last.back();
      line += " endpoint=" + in_quotes(example.endpoint) +
              " example=" + in_quotes(example.method + " " + example.path) +
              " request_id=" + in_quotes(example.request_id);
    }
  } else {
    line += " reason=" + in_quotes(decision.summary);
  }
  if (!decision.build.empty()) line += " build=" + in_quotes(decision.build);
  return line;
}

std::string log_line(const WeightChange& change, const RouteEntry& after) {
  const bool rearmed = change.verb == Verb::rearm;
  return std::string(rearmed ? "rearm" : "weight") + " route=" + in_quotes(change.route) +
         " by=" + change.actor + " weight=" + number(after.effective().percent()) +
         " origin=" + std::string(text(after.origin())) +
         " version=" + std::to_string(after.version) + " reason=" + in_quotes(change.reason);
}

std::string log_line(const BuildChange& change, const std::vector<std::string>& routes) {
  using Finding = BuildHistory::Finding;
  if (change.finding == Finding::crowded) {
    return "the header " + change.header + " of backend " + change.backend +
           " does not look like a build: " + in_quotes(change.build) + " came within " +
           std::to_string(BuildHistory::kApart.count()) +
           " s of another new value. Such values begin no evidence anew; if it changes with every "
           "answer, name another header in build_header or remove the key (said once)";
  }
  const std::string build =
      "build backend=" + in_quotes(change.backend) + " build=" + in_quotes(change.build);
  if (change.finding != Finding::fresh) return build;
  std::string names;
  for (const std::string& route : routes) names += (names.empty() ? "" : ",") + route;
  return "new " + build + " before=" + in_quotes(change.before) + " routes=" + in_quotes(names);
}

std::string percent_text(config::Weight weight) { return number(weight.percent()) + " %"; }

}  // namespace ficus::control
