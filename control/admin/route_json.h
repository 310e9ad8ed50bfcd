#pragma once

#include <boost/json/object.hpp>

#include "control/view.h"

namespace ficus::control {

enum class Detail { summary, full };  // full: with every number of the last decision

boost::json::object to_json(const RouteView& route, const View& view, Detail detail);
boost::json::object to_json(const RouteEntry& entry);

// "2026-03-01T02:47:11.250Z"
std::string timestamp(Clock::Wall at);

}  // namespace ficus::control
