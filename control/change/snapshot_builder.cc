#include "control/change/snapshot_builder.h"

#include <string>
#include <utility>
#include <vector>

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
  const auto tls = sources.resolved.tls.backends.find(from.name);
  if (tls != sources.resolved.tls.backends.end()) backend->tls = tls->second;
  for (const config::EndpointUrl& url : from.endpoints) {
    auto state = sources.registry.endpoint(from.name, url, sources.resolved.addresses.at(url.text),
                                           tls_identity(from, url, backend->tls.get()));
    const bool healthy = sources.healthy(from.name, state->name);
    backend->endpoints.push_back({std::move(state), healthy});
  }
  return backend;
}

const proxy::Backend* find_backend(const proxy::RoutingSnapshot& snapshot,
                                   const std::optional<std::string>& name) {
  if (!name) return nullptr;
  for (const auto& backend : snapshot.backends) {
    if (backend->name == *name) return backend.get();
  }
  return nullptr;
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

proxy::Route build_route(const config::Route& from, const proxy::RoutingSnapshot& snapshot,
                         const SnapshotSources& sources) {
  proxy::Route route;
  route.legacy = find_backend(snapshot, from.legacy);
  route.fresh = find_backend(snapshot, from.fresh);
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

}  // namespace

std::shared_ptr<const proxy::RoutingSnapshot> build_snapshot(const SnapshotSources& sources) {
  const config::Config& config = sources.resolved.config;
  auto snapshot = std::make_shared<proxy::RoutingSnapshot>();
  snapshot->version = sources.at.version;
  for (const config::Backend& backend : config.backends) {
    snapshot->backends.push_back(build_backend(backend, sources));
  }
  std::vector<config::Match> matches;
  for (const config::Route& route : config.routes) {
    snapshot->routes.push_back(build_route(route, *snapshot, sources));
    matches.push_back(route.match);
  }
  snapshot->matcher = proxy::RouteMatcher::build(matches);
  const auto& tls = sources.resolved.tls.listeners;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const config::Listener& listener = config.listeners[i];
    snapshot->listeners.push_back(
        {listener.address(), listener.timeouts, i < tls.size() ? tls[i] : nullptr});
  }
  return snapshot;
}

}  // namespace ficus::control
