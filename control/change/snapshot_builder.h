#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "control/change/resolve.h"
#include "control/change/route_registry.h"
#include "control/change/route_table.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// Is that endpoint of that backend healthy?
using HealthLookup =
    std::function<bool(const std::string& backend, const proxy::EndpointState& endpoint)>;

// Everything a snapshot is made of.
struct SnapshotSources {
  const config::Config& config;
  const Addresses& addresses;
  std::shared_ptr<const CompiledRules> rules;  // of `config`; null: made anew
  const RouteTable& table;
  RouteRegistry& registry;
  const HealthLookup& healthy;
  RouteTable::Moment at;  // its version becomes the snapshot's
};

// Makes the snapshot that workers route by. Whatever can be computed once is computed here and not
// for each request. Thread: the control thread.
std::shared_ptr<const proxy::RoutingSnapshot> build_snapshot(const SnapshotSources& sources);

}  // namespace ficus::control
