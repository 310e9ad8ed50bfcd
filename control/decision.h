#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/change/backend_builds.h"
#include "control/view.h"
#include "proxy/guard/trip.h"

namespace ficus::control {

// Puts a verdict of the guard into words and numbers: what failed, of how many, where, and which
// build; empty: unknown.
Decision decision_of(std::shared_ptr<const proxy::Trip> trip, std::string build, Clock::Wall at);

// One line for the log: the decision of a route with its numbers.
std::string log_line(const std::string& route, const Decision& decision);

// One line for the log: a change of a share that is no rollback.
std::string log_line(const WeightChange& change, const RouteEntry& after);

// One line for the log: what has become known about a backend's build, and the routes to it.
std::string log_line(const BuildChange& change, const std::vector<std::string>& routes);

// "5 %", "0.25 %"
std::string percent_text(config::Weight weight);

}  // namespace ficus::control
