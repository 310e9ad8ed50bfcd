#include "control/change/snapshot_builder.h"

#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/change/compiled_rules.h"
#include "control/descriptors.h"
#include "proxy/route/pin.h"
#include "proxy/route/sticky_key.h"

namespace ficus::control {
namespace {

// The loader has checked the blocks; a set that does not parse holds nobody, which is the safe side
// for `override` and never happens.
proxy::CidrSet cidr_set(const std::vector<std::string>& blocks) {
  return proxy::CidrSet::parse(blocks).value_or(proxy::CidrSet{});
}

RouteRegistry::TlsIdentity tls_identity(const config::Backend& backend,
                                        const config::EndpointUrl& url,
                                        const proxy::TlsClient* tls) {
  if (url.scheme != config::EndpointScheme::https) return {};
  const bool named = backend.tls && backend.tls->server_name;
  return {named ? *backend.tls->server_name : url.host, tls == nullptr ? "" : tls->fingerprint()};
}

std::unique_ptr<proxy::Backend> build_backend(const config::Backend& from,
                                              const SnapshotSources& sources) {
  auto backend = std::make_unique<proxy::Backend>();
  backend->name = from.name;
  backend->timeouts = from.timeouts;
  if (sources.tls != nullptr) {
    const auto tls = sources.tls->backends.find(from.name);
    if (tls != sources.tls->backends.end()) backend->tls = tls->second;
  }
  backend->tolerate = from.tolerate;
  backend->tolerance_sink = sources.registry.tolerated(from.name);
  backend->build_watch = sources.registry.builds().watch(from.name);
  backend->outlier_detection = from.outlier_detection;
  backend->preconnect = static_cast<std::uint32_t>(from.preconnect);
  backend->state = sources.registry.backend(from.name);
  backend->state->set_limits(from.limits);
  for (const config::EndpointUrl& url : from.endpoints) {
    const std::vector<proxy::SocketAddress>& addresses = sources.addresses.at(url.text);
    for (const proxy::SocketAddress& address : addresses) {
      auto state = sources.registry.endpoint(from.name, url, address,
                                             tls_identity(from, url, backend->tls.get()));
      const bool healthy = sources.healthy(from.name, *state);
      std::string label = state->name;
      if (addresses.size() > 1) label += " (" + address.ip_text() + ")";
      backend->endpoints.push_back({std::move(state), healthy, std::move(label)});
    }
  }
  return backend;
}

std::int64_t unix_ms(Clock::Wall at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

using BackendsByName = std::map<std::string_view, const proxy::Backend*>;

const proxy::Backend* find_backend(const BackendsByName& backends,
                                   const std::optional<std::string>& name) {
  const auto found = name ? backends.find(*name) : backends.end();
  return found == backends.end() ? nullptr : found->second;
}

proxy::CompiledOverride compile(const config::Override& from) {
  proxy::CompiledOverride compiled;
  compiled.header = from.header.value_or("");
  compiled.cookie = from.cookie.value_or("");
  compiled.from = cidr_set(from.from);
  compiled.secret = from.secret.value_or("");
  return compiled;
}

// The group of a sticky route, which shares its keys and pins; else the route's own name.
const std::string& group_of(const config::Route& route) {
  return route.sticky && route.sticky->group ? *route.sticky->group : route.name;
}

// Who can sign overrides can choose sides anyway; other keys last as long as the process.
std::optional<proxy::CompiledPin> build_pin(const config::Route& from, const RouteEntry* entry,
                                            const SnapshotSources& sources) {
  if (!from.sticky || !from.sticky->pin_after_write || !from.legacy || !from.fresh) {
    return std::nullopt;
  }
  const bool has_secret = from.override_by && from.override_by->secret;
  proxy::CompiledPin pin(group_of(from),
                         has_secret ? *from.override_by->secret : sources.registry.pin_key(),
                         *from.sticky->pin_after_write);
  if (entry != nullptr && entry->freed) pin.freed_at = unix_ms(*entry->freed);
  return pin;
}

proxy::Route build_route(const config::Route& from, const CompiledRules::OfRoute& rules,
                         const BackendsByName& backends, const SnapshotSources& sources) {
  proxy::Route route;
  route.legacy = find_backend(backends, from.legacy);
  route.fresh = find_backend(backends, from.fresh);
  route.state = sources.registry.route(from.name);
  const RouteEntry* entry = sources.table.find(from.name);
  route.weight = entry ? entry->effective() : from.weight;
  route.epoch = sources.registry.epoch(from, route.weight, sources.at.monotonic);
  route.writes = from.writes;
  route.sticky = from.sticky;
  route.sticky_seed = proxy::sticky_seed(group_of(from));
  route.pin = build_pin(from, entry, sources);
  route.rewrites = rules.rewrites;
  route.assign = rules.assign;
  if (from.override_by) route.override_by = compile(*from.override_by);
  route.fallback = from.fallback;
  route.guard_mode = from.legacy && from.fresh ? from.guard.mode : config::GuardMode::off;
  route.failures = from.guard.failures;
  return route;
}

proxy::ListenerSettings build_listener(const config::Listener& from,
                                       const SnapshotSources& sources) {
  proxy::ListenerSettings settings;
  settings.address = from.address();
  settings.timeouts = from.timeouts;
  settings.state = sources.registry.listener(settings.address);
  settings.trusted_proxies = cidr_set(from.trusted_proxies);
  settings.proxy_protocol = from.proxy_protocol;
  settings.forwarding = from.forwarding;
  return settings;
}

proxy::ClientLimits build_limits(const config::Config& config) {
  const config::Limits& from = config.limits;
  proxy::ClientLimits limits;
  limits.head.max_head_bytes = static_cast<std::uint32_t>(from.max_header_bytes);
  limits.head.max_fields = from.max_headers;
  limits.head.max_uri_bytes = static_cast<std::uint32_t>(from.max_uri_bytes);
  limits.max_body_bytes = from.max_body_bytes.value_or(UINT64_MAX);
  limits.max_connections = max_connections(config);
  limits.max_connections_per_client = from.max_connections_per_client.value_or(0);
  return limits;
}

}  // namespace

std::shared_ptr<const proxy::RoutingSnapshot> build_snapshot(const SnapshotSources& sources) {
  const config::Config& config = sources.config;
  sources.registry.begin_snapshot();
  auto snapshot = std::make_shared<proxy::RoutingSnapshot>();
  snapshot->version = sources.at.version;
  BackendsByName backends;
  for (const config::Backend& backend : config.backends) {
    snapshot->backends.push_back(build_backend(backend, sources));
    backends.emplace(backend.name, snapshot->backends.back().get());
  }
  sources.registry.end_snapshot();
  const auto rules =
      sources.rules ? sources.rules : compile_rules(config, sources.registry.workers());
  snapshot->routes.reserve(config.routes.size());
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    snapshot->routes.push_back(build_route(config.routes[i], rules->routes[i], backends, sources));
  }
  snapshot->matcher = rules->matcher;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    snapshot->listeners.push_back(build_listener(config.listeners[i], sources));
    const bool known = sources.tls != nullptr && i < sources.tls->listeners.size();
    if (known) snapshot->listeners.back().tls = sources.tls->listeners[i];
  }
  if (config.access_log) {
    const double basis_points = std::round(config.access_log->sample_percent * 100);
    snapshot->access_log = {proxy::LineFormat(config.access_log->format),
                            static_cast<std::uint32_t>(basis_points)};
  }
  snapshot->limits = build_limits(config);
  return snapshot;
}

}  // namespace ficus::control
