#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "config/model.h"
#include "proxy/counters.h"
#include "proxy/guard/fast_lane.h"
#include "proxy/guard/outcome_epoch.h"
#include "proxy/net/address.h"
#include "proxy/route/assign.h"
#include "proxy/route/cidr.h"
#include "proxy/route/fallback_budget.h"
#include "proxy/route/override.h"
#include "proxy/route/route_matcher.h"
#include "proxy/route/splitter.h"

namespace ficus::proxy {

// One server of a backend. Stable address; outlives snapshots, so that a weight change closes no
// pooled connection. `slot` is a small number that no other endpoint alive has.
struct EndpointState {
  EndpointState(std::uint32_t slot_number, std::string endpoint_name, SocketAddress socket_address,
                std::size_t workers)
      : slot(slot_number),
        name(std::move(endpoint_name)),
        address(socket_address),
        cells(workers) {}

  const std::uint32_t slot;
  const std::string name;  // "10.0.0.5:9001"
  const SocketAddress address;
  std::vector<EndpointCells> cells;  // by worker
};

// Is shown the begin of heads that broke a rule and were tolerated, at most one a second for each
// worker, endpoint and rule. Called on worker threads; the text is redacted.
class ToleranceSink {
 public:
  virtual ~ToleranceSink() = default;
  virtual void tolerated(http::MalformedRule rule, std::string_view endpoint,
                         std::string redacted_head) = 0;
};

struct Endpoint {
  std::shared_ptr<EndpointState> state;
  bool healthy = true;
};

struct Backend {
  std::string name;
  std::vector<Endpoint> endpoints;
  config::BackendTimeouts timeouts;
  config::Tolerance tolerate;
  std::shared_ptr<ToleranceSink> tolerance_sink;  // null: nobody wants to see

  bool usable() const {
    for (const Endpoint& endpoint : endpoints) {
      if (endpoint.healthy) return true;
    }
    return false;
  }
};

// What survives snapshots for one route. Stable address; each worker touches its own cells.
struct RouteState {
  struct alignas(64) PerWorker {
    RouteCells cells;
    Splitter splitter;
    FallbackBudget fallback_budget;
  };

  RouteState(std::string route_name, std::size_t workers)
      : name(std::move(route_name)), per_worker(workers) {}

  const std::string name;
  std::unique_ptr<FastLane> lane;
  std::vector<PerWorker> per_worker;
};

// A route as workers see it. Immutable.
struct Route {
  const Backend* legacy = nullptr;  // into the same snapshot; at least one is set
  const Backend* fresh = nullptr;
  std::shared_ptr<RouteState> state;
  std::shared_ptr<OutcomeEpoch> epoch;  // never null
  config::Weight weight;                // effective
  config::Writes writes = config::Writes::unstated;
  std::optional<config::Sticky> sticky;
  std::uint64_t sticky_seed = 0;  // from the group, else the route's name
  std::vector<CompiledAssign> assign;
  std::optional<CompiledOverride> override_by;
  std::optional<config::Fallback> fallback;
  config::GuardMode guard_mode = config::GuardMode::enforce;
  config::GuardFailures failures;

  const Backend* backend(Side side) const { return side == Side::legacy ? legacy : fresh; }
};

// What survives snapshots for one listener. Stable address; each worker touches its own cells.
struct ListenerState {
  ListenerState(std::string listener_address, std::size_t workers)
      : address(std::move(listener_address)), cells(workers) {}

  const std::string address;         // as configured
  std::vector<ListenerCells> cells;  // by worker
};

struct ListenerSettings {
  std::string address;  // "127.0.0.1:8080": which listener these are for
  config::ListenerTimeouts timeouts;
  std::shared_ptr<ListenerState> state;
  CidrSet trusted_proxies;
  config::ProxyProtocol proxy_protocol = config::ProxyProtocol::off;
  config::Forwarding forwarding;
};

// What clients may ask for.
struct ClientLimits {
  http::HeadLimits head;
  std::uint64_t max_body_bytes = UINT64_MAX;
  std::uint64_t max_connections = UINT64_MAX;
  std::uint32_t max_connections_per_client = 0;  // 0: off
};

// All that a worker needs to route: immutable, built by the control thread, installed whole.
struct RoutingSnapshot {
  std::uint64_t version = 0;
  std::vector<std::unique_ptr<Backend>> backends;
  std::vector<Route> routes;
  RouteMatcher matcher;  // indexes into routes
  std::vector<ListenerSettings> listeners;
  ClientLimits limits;

  // Of the listener whose state that is; null if it left the configuration.
  const ListenerSettings* listener(const ListenerState* state) const {
    for (const ListenerSettings& settings : listeners) {
      if (settings.state.get() == state) return &settings;
    }
    return nullptr;
  }
};

}  // namespace ficus::proxy
