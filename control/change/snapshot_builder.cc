#include "control/change/snapshot_builder.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/descriptors.h"
#include "proxy/route/sticky_key.h"

namespace ficus::control {
namespace {

// The loader has checked the blocks; a set that does not parse holds nobody, which is the safe side
// for `override` and never happens.
proxy::CidrSet cidr_set(const std::vector<std::string>& blocks) {
  return proxy::CidrSet::parse(blocks).value_or(proxy::CidrSet{});
}

std::unique_ptr<proxy::Backend> build_backend(const config::Backend& from,
                                              const SnapshotSources& sources) {
  auto backend = std::make_unique<proxy::Backend>();
  backend->name = from.name;
  backend->timeouts = from.timeouts;
  backend->tolerate = from.tolerate;
  backend->tolerance_sink = sources.registry.tolerated(from.name);
  for (const config::EndpointUrl& url : from.endpoints) {
    auto state = sources.registry.endpoint(from.name, url, sources.resolved.addresses.at(url.text));
    const bool healthy = sources.healthy(from.name, state->name);
    backend->endpoints.push_back({std::move(state), healthy});
  }
  return backend;
}

using BackendsByName = std::map<std::string_view, const proxy::Backend*>;

const proxy::Backend* find_backend(const BackendsByName& backends,
                                   const std::optional<std::string>& name) {
  const auto found = name ? backends.find(*name) : backends.end();
  return found == backends.end() ? nullptr : found->second;
}

proxy::CompiledAssign compile(const config::AssignRule& rule) {
  proxy::CompiledAssign compiled;
  compiled.rule = rule;
  compiled.from = cidr_set(rule.from);
  compiled.side = rule.side == config::SideName::legacy ? proxy::Side::legacy : proxy::Side::fresh;
  return compiled;
}

proxy::CompiledOverride compile(const config::Override& from) {
  proxy::CompiledOverride compiled;
  compiled.header = from.header.value_or("");
  compiled.cookie = from.cookie.value_or("");
  compiled.from = cidr_set(from.from);
  compiled.secret = from.secret.value_or("");
  return compiled;
}

proxy::Route build_route(const config::Route& from, const BackendsByName& backends,
                         const SnapshotSources& sources) {
  proxy::Route route;
  route.legacy = find_backend(backends, from.legacy);
  route.fresh = find_backend(backends, from.fresh);
  route.state = sources.registry.route(from.name);
  const RouteEntry* entry = sources.table.find(from.name);
  route.weight = entry ? entry->effective() : from.weight;
  route.epoch = sources.registry.epoch(from, route.weight, sources.at.monotonic);
  route.writes = from.writes;
  route.sticky = from.sticky;
  route.sticky_seed =
      proxy::sticky_seed(from.sticky && from.sticky->group ? *from.sticky->group : from.name);
  for (const config::AssignRule& rule : from.assign) route.assign.push_back(compile(rule));
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
  const config::Config& config = sources.resolved.config;
  auto snapshot = std::make_shared<proxy::RoutingSnapshot>();
  snapshot->version = sources.at.version;
  BackendsByName backends;
  for (const config::Backend& backend : config.backends) {
    snapshot->backends.push_back(build_backend(backend, sources));
    backends.emplace(backend.name, snapshot->backends.back().get());
  }
  snapshot->routes.reserve(config.routes.size());
  std::vector<config::Match> matches;
  matches.reserve(config.routes.size());
  for (const config::Route& route : config.routes) {
    snapshot->routes.push_back(build_route(route, backends, sources));
    matches.push_back(route.match);
  }
  snapshot->matcher = proxy::RouteMatcher::build(matches);
  for (const config::Listener& listener : config.listeners) {
    snapshot->listeners.push_back(build_listener(listener, sources));
  }
  snapshot->limits = build_limits(config);
  return snapshot;
}

}  // namespace ficus::control
