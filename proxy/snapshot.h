#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "config/model.h"
#include "proxy/counters.h"
#include "proxy/guard/fast_lane.h"
#include "proxy/guard/outcome_epoch.h"
#include "proxy/http/rewrite.h"
#include "proxy/log/access_log.h"
#include "proxy/net/address.h"
#include "proxy/net/tls_client.h"
#include "proxy/net/tls_server.h"
#include "proxy/net/tls_session.h"
#include "proxy/route/assign.h"
#include "proxy/route/cidr.h"
#include "proxy/route/fallback_budget.h"
#include "proxy/route/override.h"
#include "proxy/route/pin.h"
#include "proxy/route/route_matcher.h"
#include "proxy/route/splitter.h"
#include "proxy/upstream/backend_state.h"
#include "proxy/upstream/build_watch.h"
#include "proxy/upstream/endpoint_standing.h"

namespace ficus::proxy {

// One server of a backend: one address of one configured endpoint. Stable address; outlives
// snapshots, so that a weight change closes no pooled connection. `slot` is a small number that no
// other endpoint alive has.
struct EndpointState {
  EndpointState(std::uint32_t slot_number, std::string endpoint_name, SocketAddress socket_address,
                std::size_t workers, std::shared_ptr<BackendState> its_backend = nullptr)
      : slot(slot_number),
        name(std::move(endpoint_name)),
        address(socket_address),
        backend(its_backend ? std::move(its_backend) : std::make_shared<BackendState>(workers)),
        cells(workers),
        tls_sessions(workers) {}

  // What Host says to this server if the client did not: HTTP/1.0.
  std::string_view default_host() const {
    return address.family() == AF_UNIX ? std::string_view("localhost") : std::string_view(name);
  }

  const std::uint32_t slot;
  const std::string name;  // as configured: "10.0.0.5:9001", "shop.internal:80", "unix:/run/x.sock"
  const SocketAddress address;
  const std::shared_ptr<BackendState> backend;
  EndpointStanding standing;
  std::vector<EndpointCells> cells;  // by worker
  std::string tls_name;              // of its certificate; empty: plain. Constant once published
  std::vector<TlsClientSessions> tls_sessions;  // by worker
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
  std::string label{};  // of metrics: the name, with the address where the name has several
};

struct Backend {
  std::string name;
  std::vector<Endpoint> endpoints;
  config::BackendTimeouts timeouts;
  std::shared_ptr<const TlsClient> tls;  // null if no endpoint has a tls_name
  config::Tolerance tolerate;
  std::shared_ptr<ToleranceSink> tolerance_sink;  // null: nobody wants to see
  std::shared_ptr<BackendState> state;
  std::shared_ptr<BuildWatch> build_watch;  // null: answers do not say
  std::optional<config::OutlierDetection> outlier_detection;
  std::uint32_t preconnect = 0;  // connections that each worker opens to a new endpoint

  // Failures in a row that take an endpoint out of service; 0: they do not.
  std::uint32_t failure_limit() const {
    return outlier_detection ? static_cast<std::uint32_t>(outlier_detection->consecutive_failures)
                             : 0;
  }

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

// How requests are changed for each side; none: not at all.
struct SideRewrites {
  std::optional<http::Rewrite> legacy;
  std::optional<http::Rewrite> fresh;
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
  std::optional<CompiledPin> pin;
  std::shared_ptr<const SideRewrites> rewrites;  // null: none
  std::optional<config::Fallback> fallback;
  config::GuardMode guard_mode = config::GuardMode::enforce;
  config::GuardFailures failures;

  const Backend* backend(Side side) const { return side == Side::legacy ? legacy : fresh; }
  // Null: requests go to that side as they are.
  const http::Rewrite* rewrite(Side side) const {
    if (rewrites == nullptr) return nullptr;
    const auto& one = side == Side::legacy ? rewrites->legacy : rewrites->fresh;
    return one ? &*one : nullptr;
  }
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
  std::shared_ptr<const TlsServer> tls;  // null: plain
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
  // Indexes into routes. Made once a configuration.
  std::shared_ptr<const RouteMatcher> matcher = std::make_shared<const RouteMatcher>();
  std::vector<ListenerSettings> listeners;
  std::optional<LogSettings> access_log;  // none: off
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
