#pragma once

#include <memory>

#include "control/view.h"
#include "proxy/guard/trip.h"

namespace ficus::control {

// Puts a verdict of the guard into words and numbers: what failed, of how many, where.
Decision decision_of(std::shared_ptr<const proxy::Trip> trip, Clock::Wall at);

// One line for the log: the decision of a route with its numbers.
std::string log_line(const std::string& route, const Decision& decision);

}  // namespace ficus::control
