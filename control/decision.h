#pragma once

#include <memory>

#include "control/view.h"
#include "proxy/guard/trip.h"

namespace ficus::control {

// Puts a verdict of the guard into words and numbers: what failed, of how many, where.
Decision decision_of(std::shared_ptr<const proxy::Trip> trip, Clock::Wall at);

// One line for the log: the decision of a route with its numbers.
std::string log_line(const std::string& route, const Decision& decision);

// One line for the log: a change of a share that is no rollback.
std::string log_line(const WeightChange& change, const RouteEntry& after);

// "5 %", "0.25 %"
std::string percent_text(config::Weight weight);

}  // namespace ficus::control
