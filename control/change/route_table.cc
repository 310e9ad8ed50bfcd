#include "control/change/route_table.h"

#include <cstdio>

namespace ficus::control {
namespace {

using config::Weight;

std::string percent(Weight weight) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%g", weight.percent());
  return std::string(buffer) + " %";
}

std::optional<Error> refuse_one_sided(const RouteEntry& entry) {
  if (entry.has_legacy && entry.has_new) return std::nullopt;
  return Error{409,
               "route " + entry.name + " has only the side " +
                   (entry.has_legacy ? "legacy" : "new") + ", so there is nothing to shift",
               "give the route both 'legacy' and 'new' in the configuration and reload"};
}

std::optional<Error> refuse_stale(const RouteEntry& entry, const WeightChange& change) {
  if (!change.expected_version || *change.expected_version == entry.version) return std::nullopt;
  return Error{412,
               "route " + entry.name + " has changed since: it is at version " +
                   std::to_string(entry.version) + ", not " +
                   std::to_string(*change.expected_version),
               "read the route again and decide anew"};
}

// A share above 0 for a route that was rolled back.
std::optional<Error> refuse_latched(const RouteEntry& entry, Weight wanted) {
  if (!entry.latch || wanted == Weight{}) return std::nullopt;
  return Error{
      409,
      "route " + entry.name + " was rolled back (" + entry.latch->reason +
          ") and is latched, so its weight cannot rise to " + percent(wanted),
      "ficus rearm " + entry.name + ", then ficus weight " + entry.name + " PERCENT --reason TEXT"};
}

std::optional<Error> set_weight(RouteEntry& entry, const WeightChange& change,
                                const RouteTable::Moment& at) {
  if (change.weight > entry.effective()) {
    if (auto error = refuse_latched(entry, change.weight)) return error;
    if (auto error = refuse_stale(entry, change)) return error;
  }
  RouteEntry::RuntimeOverride set{change.weight, change.actor, change.reason, at.wall, {}};
  if (change.hold_for) set.ends = at.monotonic + *change.hold_for;
  entry.override_ = std::move(set);
  if (change.weight > Weight{}) entry.retreat.reset();
  return std::nullopt;
}

std::optional<Error> use_file(RouteEntry& entry, const WeightChange& change) {
  if (entry.file > entry.effective()) {
    if (auto error = refuse_latched(entry, entry.file)) return error;
    if (auto error = refuse_stale(entry, change)) return error;
  }
  entry.override_.reset();
  if (entry.file > Weight{}) entry.retreat.reset();
  return std::nullopt;
}

RouteEntry::Stop stop_of(const RouteEntry& entry, const WeightChange& change,
                         const RouteTable::Moment& at) {
  return {change.actor, change.reason, change.cause, at.wall, entry.effective()};
}

std::optional<Error> roll_back(RouteEntry& entry, const WeightChange& change,
                               const RouteTable::Moment& at) {
  if (!entry.latch) entry.latch = stop_of(entry, change, at);
  entry.retreat.reset();
  return std::nullopt;
}

std::optional<Error> retreat(RouteEntry& entry, const WeightChange& change,
                             const RouteTable::Moment& at) {
  if (!entry.latch && !entry.retreat) entry.retreat = stop_of(entry, change, at);
  return std::nullopt;
}

std::optional<Error> rearm(RouteEntry& entry, const WeightChange& change,
                           const RouteTable::Moment& at) {
  if (!entry.latch) {
    return Error{409, "route " + entry.name + " is not latched, so there is nothing to rearm",
                 "ficus weight " + entry.name + " PERCENT --reason TEXT sets its share"};
  }
  if (auto error = refuse_stale(entry, change)) return error;
  entry.latch.reset();
  entry.override_ =
      RouteEntry::RuntimeOverride{Weight{}, change.actor, change.reason, at.wall, std::nullopt};
  return std::nullopt;
}

std::optional<Error> apply(RouteEntry& entry, const WeightChange& change,
                           const RouteTable::Moment& at) {
  if (auto error = refuse_one_sided(entry)) return error;
  switch (change.verb) {
    case Verb::set_weight:
      return set_weight(entry, change, at);
    case Verb::use_file:
      return use_file(entry, change);
    case Verb::rollback:
      return roll_back(entry, change, at);
    case Verb::retreat:
      return retreat(entry, change, at);
    case Verb::rearm:
      return rearm(entry, change, at);
  }
  return Error{500, "unknown verb", ""};
}

void take_file_weight(RouteEntry& entry, Weight weight) {
  const bool changed = weight != entry.file;
  entry.file = weight;
  if (!entry.override_) return;
  // One that is equal stays: it was set, and a later rise of the file must not get past it.
  if (changed && weight < entry.override_->weight) entry.override_.reset();
}

}  // namespace

std::string_view text(Origin origin) {
  switch (origin) {
    case Origin::file:
      return "file";
    case Origin::override_:
      return "override";
    case Origin::retreat:
      return "retreat";
    case Origin::latch:
      return "latch";
  }
  return "file";
}

Weight RouteEntry::effective() const {
  if (latch || retreat) return Weight{};
  return override_ ? override_->weight : file;
}

Origin RouteEntry::origin() const {
  if (latch) return Origin::latch;
  if (retreat) return Origin::retreat;
  return override_ ? Origin::override_ : Origin::file;
}

std::optional<Weight> RouteEntry::pending_file() const {
  if (!override_ || override_->weight == file) return std::nullopt;
  return file;
}

Result<RouteTable> RouteTable::propose(const WeightChange& change, const Moment& at) const {
  const auto found = entries_.find(change.route);
  if (found == entries_.end() || !found->second.in_file) {
    return Error{404, "there is no route named " + change.route, "ficus routes lists them"};
  }
  RouteTable result = *this;
  RouteEntry& entry = result.entries_.find(change.route)->second;
  const bool was_stopped = entry.latch || entry.retreat;
  if (auto error = apply(entry, change, at)) return *error;
  if (was_stopped && !entry.latch && !entry.retreat) entry.freed = at.wall;
  entry.version = at.version;
  return result;
}

RouteTable RouteTable::rolled_back(const std::vector<std::string>& routes,
                                   const WeightChange& change, const Moment& at) const {
  RouteTable result = *this;
  for (const std::string& route : routes) {
    const auto found = result.entries_.find(route);
    if (found == result.entries_.end() || refuse_one_sided(found->second)) continue;
    roll_back(found->second, change, at);
    found->second.version = at.version;
  }
  return result;
}

RouteTable RouteTable::reloaded(const config::Config& config, const Moment& at) const {
  RouteTable result = *this;
  for (auto& [name, entry] : result.entries_) entry.in_file = false;
  for (const config::Route& route : config.routes) {
    const auto [found, is_new] = result.entries_.try_emplace(route.name);
    RouteEntry& entry = found->second;
    const Weight before = entry.effective();
    const Origin origin_before = entry.origin();
    if (is_new) {
      entry.name = route.name;
      entry.file = route.weight;
    }
    entry.in_file = true;
    entry.has_legacy = route.legacy.has_value();
    entry.has_new = route.fresh.has_value();
    take_file_weight(entry, route.weight);
    if (is_new || entry.effective() != before || entry.origin() != origin_before) {
      entry.version = at.version;
    }
  }
  return result;
}

std::optional<RouteTable> RouteTable::expired(const Moment& at) const {
  std::optional<RouteTable> result;
  for (const auto& [name, entry] : entries_) {
    if (!entry.override_ || !entry.override_->ends) continue;
    if (*entry.override_->ends > at.monotonic) continue;
    if (!result) result = *this;
    RouteEntry& changed = result->entries_.find(name)->second;
    changed.override_.reset();
    changed.version = at.version;
  }
  return result;
}

const RouteEntry* RouteTable::find(std::string_view route) const {
  const auto found = entries_.find(route);
  return found == entries_.end() || !found->second.in_file ? nullptr : &found->second;
}

}  // namespace ficus::control
