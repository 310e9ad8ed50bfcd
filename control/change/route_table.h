#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "control/change/weight_change.h"
#include "control/clock.h"
#include "control/error.h"

namespace ficus::control {

// Where the share in force comes from, in rising rank.
enum class Origin { file, override_, retreat, latch };

std::string_view text(Origin origin);

// The share of one route: what the file says, what was set at run time, and whether the new side
// is permitted at all.
struct RouteEntry {
  struct RuntimeOverride {
    config::Weight weight;
    std::string actor;
    std::string reason;
    Clock::Wall since;
    std::optional<Clock::Monotonic> ends;
  };

  struct Stop {  // of traffic to the new side
    std::string actor;
    std::string reason;
    std::string cause;
    Clock::Wall since;
    config::Weight weight_before;
  };

  std::string name;
  bool has_legacy = true;
  bool has_new = true;
  bool in_file = true;  // false: left the configuration; kept, so that it comes back latched
  config::Weight file;
  std::optional<RuntimeOverride> override_;
  std::optional<Stop> latch;
  std::optional<Stop> retreat;
  std::optional<Clock::Wall> freed;  // when the last latch or retreat was lifted: pins end there
  std::uint64_t version = 0;         // of the last change of this route

  config::Weight effective() const;
  Origin origin() const;

  // The file's share while an override hides another one.
  std::optional<config::Weight> pending_file() const;
};

// The shares of all routes. A value: changes give a new table. Pure.
class RouteTable {
 public:
  // When a change happens, and under which version it will be known.
  struct Moment {
    Clock::Monotonic monotonic;
    Clock::Wall wall;
    std::uint64_t version = 0;
  };

  // The table after `change`, or why not and what helps. A move towards legacy is never refused.
  Result<RouteTable> propose(const WeightChange& change, const Moment& at) const;

  // The table with all of `routes` rolled back; names that are not in it or have one side are
  // passed over. `change` says who and why.
  RouteTable rolled_back(const std::vector<std::string>& routes, const WeightChange& change,
                         const Moment& at) const;

  // The table after loading `config`. A changed share of the file that is lower than the override
  // ends the override; a higher one stays pending. Latches and retreats stay.
  RouteTable reloaded(const config::Config& config, const Moment& at) const;

  // The table without the overrides whose time is over, or nothing if none is.
  std::optional<RouteTable> expired(const Moment& at) const;

  const RouteEntry* find(std::string_view route) const;  // in the file; null: none

  // Every route ever seen, by name; those with in_file == false are not served.
  const std::map<std::string, RouteEntry, std::less<>>& entries() const { return entries_; }

 private:
  std::map<std::string, RouteEntry, std::less<>> entries_;
};

}  // namespace ficus::control
