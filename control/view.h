#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/change/resolve.h"
#include "control/change/route_table.h"
#include "control/clock.h"
#include "control/metrics/aggregator.h"
#include "proxy/guard/fast_lane.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// A verdict on the new side of a route, with all that is known about it.
struct Decision {
  enum class Kind { rollback, retreat, would_roll_back, held };

  Kind kind = Kind::rollback;
  std::string cause;  // "absolute", "plain_window", "unhealthy", "operator"
  std::string actor;
  std::string summary;  // one sentence with the numbers
  std::string build;    // that ran on the new side; empty: unknown
  Clock::Wall at;
  config::Weight weight;                    // before it
  std::shared_ptr<const proxy::Trip> trip;  // of the guard; null otherwise
};

std::string_view text(Decision::Kind kind);

// What users of a route have seen since its last decision.
struct Aftermath {
  std::uint64_t errors = 0;
  std::uint64_t fallbacks = 0;
};

// One route as the control thread sees it.
struct RouteView {
  RouteEntry entry;
  std::string legacy;  // backend names; empty: no such side
  std::string fresh;
  std::string legacy_build;  // that runs there; empty: unknown
  std::string fresh_build;
  config::GuardMode guard_mode = config::GuardMode::enforce;
  double max_error_rate = 0;  // percent
  RouteRates rates;
  proxy::Evidence evidence;
  std::optional<double> legacy_rate;  // a ratio, of the last ten minutes or 1,000 outcomes
  std::optional<std::chrono::milliseconds> override_left;
  std::shared_ptr<const Decision> decision;  // the last one
  Aftermath aftermath;
};

// A name that does not stand for what it stood for at the last look, or cannot be found.
struct NameView {
  std::string host;
  std::vector<std::string> addresses;  // in use
  std::string fault;                   // why the last look-up failed; empty: it did not
  std::uint64_t failures = 0;
};

// The last attempt to load a configuration.
struct ReloadView {
  bool succeeded = true;
  Clock::Wall at;
  std::vector<std::string> diagnostics;  // of one that failed
};

// How often a route was rolled back, by cause.
using RollbackCounts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

// Everything that answers need, immutable: published each tick and after each change.
struct View {
  Clock::Wall at;
  Clock::Wall started;
  std::uint64_t version = 0;
  std::vector<std::uint64_t> applied;  // version by worker
  std::vector<double> busy;            // by worker, share of the last 10 s; may be empty
  bool draining = false;
  ReloadView reload;
  std::shared_ptr<const ResolvedConfig> resolved;
  std::shared_ptr<const proxy::RoutingSnapshot> snapshot;
  std::vector<std::shared_ptr<const RouteView>> routes;  // in the order of the configuration
  std::vector<std::string> listening;
  std::vector<NameView> names;  // of endpoints, in the order of the alphabet
  RollbackCounts rollbacks;
  RollbackCounts would_roll_backs;
  std::chrono::microseconds longest_tick{0};  // since start
  std::uint64_t access_log_dropped = 0;       // lines

  bool ready() const;
  const RouteView* find(std::string_view route) const;
};

}  // namespace ficus::control
