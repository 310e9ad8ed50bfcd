#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/weight.h"

namespace ficus::control {

// What can be done to the share of a route.
enum class Verb {
  set_weight,  // a runtime override
  use_file,    // ends the override
  rollback,    // all traffic to legacy, latched
  retreat,     // all traffic to legacy, until the next weight
  rearm,       // lifts the latch only
};

// One wish to change a route's share, whoever has it: operator or guard.
struct WeightChange {
  std::string route;
  Verb verb = Verb::set_weight;
  config::Weight weight;                          // of set_weight
  std::optional<std::uint64_t> expected_version;  // of the route, as its ETag says
  std::string actor;                              // "operator", "guard"
  std::string reason;
  std::string cause;                                  // of rollback and retreat: a metric's label
  std::optional<std::chrono::milliseconds> hold_for;  // of set_weight: how long it lasts
};

}  // namespace ficus::control
