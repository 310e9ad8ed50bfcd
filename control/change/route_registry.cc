#include "control/change/route_registry.h"

#include <algorithm>
#include <random>
#include <utility>

namespace ficus::control {
namespace {

bool same(const config::GuardFailures& a, const config::GuardFailures& b) {
  const auto same_range = [](const config::StatusRange& x, const config::StatusRange& y) {
    return x.first == y.first && x.last == y.last;
  };
  if (a.header.has_value() != b.header.has_value()) return false;
  if (a.header && (a.header->name != b.header->name || a.header->value != b.header->value)) {
    return false;
  }
  return std::equal(a.statuses.begin(), a.statuses.end(), b.statuses.begin(), b.statuses.end(),
                    same_range);
}

bool same(const config::Guard& a, const config::Guard& b) {
  if (a.judge.has_value() != b.judge.has_value()) return false;
  if (a.judge &&
      (a.judge->window != b.judge->window || a.judge->min_requests != b.judge->min_requests)) {
    return false;
  }
  return a.mode == b.mode && a.max_error_rate == b.max_error_rate && a.slow_start == b.slow_start &&
         same(a.failures, b.failures);
}

bool same_terms(const proxy::LaneChange& a, const proxy::LaneChange& b) {
  return a.weight == b.weight && a.sticky == b.sticky && same(a.guard, b.guard);
}

proxy::LaneChange terms_of(const config::Route& route, config::Weight effective,
                           Clock::Monotonic now) {
  proxy::LaneChange terms;
  terms.weight = effective;
  terms.sticky = route.sticky.has_value();
  terms.guard = route.guard;
  if (!route.legacy || !route.fresh) terms.guard.mode = config::GuardMode::off;
  terms.now = now;
  return terms;
}

std::string name_of(const config::EndpointUrl& url) {
  if (url.scheme == config::EndpointScheme::unix_socket) return "unix:" + url.host;
  const bool ipv6 = url.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

std::string random_key() {
  constexpr std::size_t kBytes = 32;
  std::random_device source;
  std::string key;
  while (key.size() < kBytes) key += static_cast<char>(source() & 0xff);
  return key;
}

}  // namespace

RouteRegistry::RouteRegistry(std::size_t workers, proxy::TripSink* trips, proxy::BuildSink* builds)
    : workers_(workers), trips_(trips), pin_key_(random_key()), builds_(workers, builds) {}

RouteRegistry::Known& RouteRegistry::known(const std::string& name) {
  const auto [found, is_new] = routes_.try_emplace(name);
  if (is_new) {
    found->second.state = std::make_shared<proxy::RouteState>(name, workers_);
    found->second.state->lane = std::make_unique<proxy::FastLane>(name, workers_, trips_);
  }
  return found->second;
}

std::shared_ptr<proxy::RouteState> RouteRegistry::route(const std::string& name) {
  return known(name).state;
}

std::shared_ptr<proxy::BackendState> RouteRegistry::backend(const std::string& name) {
  auto& state = backends_[name];
  if (!state) state = std::make_shared<proxy::BackendState>(workers_);
  return state;
}

std::uint32_t RouteRegistry::free_slot() {
  for (; look_from_ < endpoints_.size(); ++look_from_) {
    if (!endpoints_[look_from_].state.expired()) continue;
    slots_.erase(endpoints_[look_from_].key);
    return static_cast<std::uint32_t>(look_from_++);
  }
  endpoints_.emplace_back();
  return static_cast<std::uint32_t>(look_from_++);
}

std::shared_ptr<proxy::EndpointState> RouteRegistry::former(const std::string& place) const {
  for (auto slot = slots_.lower_bound(place);
       slot != slots_.end() && slot->first.compare(0, place.size(), place) == 0; ++slot) {
    const KnownEndpoint& known = endpoints_[slot->second];
    if (known.used_by + 1 == snapshot_) return known.state.lock();
  }
  return nullptr;
}

std::shared_ptr<proxy::EndpointState> RouteRegistry::endpoint(const std::string& backend,
                                                              const config::EndpointUrl& url,
                                                              const proxy::SocketAddress& address,
                                                              const TlsIdentity& tls) {
  const std::string place = backend + ' ' + std::to_string(static_cast<int>(url.scheme)) +
                            name_of(url) + ' ' + address.text() + ' ' + tls.server_name + ' ';
  const std::string key = place + tls.fingerprint;
  const std::shared_ptr<proxy::EndpointState> before =
      tls.server_name.empty() ? nullptr : former(place);
  const auto found = slots_.find(key);
  if (found != slots_.end()) {
    KnownEndpoint& known = endpoints_[found->second];
    if (auto state = known.state.lock()) {
      const bool stayed = known.used_by + 1 >= snapshot_;
      if (!stayed && before != nullptr) state->standing.take_over(before->standing);
      known.used_by = snapshot_;
      state->standing.come_back();
      return state;
    }
  }
  const std::uint32_t slot = found != slots_.end() ? found->second : free_slot();
  auto state = std::make_shared<proxy::EndpointState>(slot, name_of(url), address, workers_,
                                                      this->backend(backend));
  state->tls_name = tls.server_name;
  if (before != nullptr) state->standing.take_over(before->standing);
  endpoints_[slot] = {key, state, snapshot_};
  slots_[key] = slot;
  return state;
}

std::shared_ptr<proxy::ListenerState> RouteRegistry::listener(const std::string& address) {
  auto& state = listeners_[address];
  if (!state) state = std::make_shared<proxy::ListenerState>(address, workers_);
  return state;
}

std::shared_ptr<ToleratedAnswers> RouteRegistry::tolerated(const std::string& backend) {
  auto& answers = tolerated_[backend];
  if (!answers) answers = std::make_shared<ToleratedAnswers>();
  return answers;
}

void RouteRegistry::end_snapshot() {
  look_from_ = 0;
  for (const KnownEndpoint& known : endpoints_) {
    if (known.used_by == snapshot_) continue;
    if (const auto state = known.state.lock()) state->standing.leave();
  }
}

std::shared_ptr<proxy::OutcomeEpoch> RouteRegistry::epoch(const config::Route& route,
                                                          config::Weight effective,
                                                          Clock::Monotonic now) {
  Known& entry = known(route.name);
  proxy::LaneChange terms = terms_of(route, effective, now);
  const std::string fresh = route.fresh.value_or("");
  const std::uint64_t deploys = builds_.deploys(fresh);
  // Another backend is another build, too.
  terms.new_build = entry.fresh && (*entry.fresh != fresh || entry.deploys != deploys);
  entry.fresh = fresh;
  entry.deploys = deploys;
  if (!entry.epoch || terms.new_build || !same_terms(entry.terms, terms)) {
    entry.epoch = entry.state->lane->change(terms);
    entry.terms = std::move(terms);
  }
  return entry.epoch;
}

void RouteRegistry::latch(const std::string& route, Clock::Monotonic now) {
  known(route).state->lane->latch(now);
}

void RouteRegistry::rearm(const config::Route& route, Clock::Monotonic now) {
  Known& entry = known(route.name);
  entry.terms = terms_of(route, config::Weight{}, now);
  entry.epoch = entry.state->lane->rearm(entry.terms);
}

void RouteRegistry::lift_retreat(const std::string& route) {
  Known& entry = known(route);
  entry.state->lane->lift_retreat();
  entry.epoch.reset();
}

const proxy::FastLane* RouteRegistry::lane(const std::string& route) const {
  const auto found = routes_.find(route);
  return found == routes_.end() ? nullptr : found->second.state->lane.get();
}

}  // namespace ficus::control
