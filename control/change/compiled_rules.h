#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "config/model.h"
#include "proxy/route/assign.h"
#include "proxy/route/route_matcher.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// What depends on the configuration alone, however weights and health change: made once a load, so
// that a change of weight compiles no regex, and what regexes learn while they run is kept.
struct CompiledRules {
  struct OfRoute {
    std::vector<proxy::CompiledAssign> assign;
    std::shared_ptr<const proxy::SideRewrites> rewrites;  // null: none
  };

  std::shared_ptr<const proxy::RouteMatcher> matcher;
  std::vector<OfRoute> routes;  // in the order of the configuration
};

// Takes milliseconds for thousands of routes: not for the control thread.
std::shared_ptr<const CompiledRules> compile_rules(const config::Config& config,
                                                   std::size_t workers);

}  // namespace ficus::control
