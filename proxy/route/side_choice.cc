#include "proxy/route/side_choice.h"

#include "proxy/guard/fast_lane.h"
#include "proxy/guard/outcome_epoch.h"
#include "proxy/route/settle_side.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {
namespace {

SideHealth health_of(const Backend* backend) {
  if (backend == nullptr) return SideHealth::absent;
  return backend->usable() ? SideHealth::healthy : SideHealth::unhealthy;
}

}  // namespace

SideTerms side_terms(const Route& route) {
  SideTerms terms;
  terms.legacy = health_of(route.legacy);
  terms.fresh = health_of(route.fresh);
  terms.lane = route.state->lane->state();
  terms.weight = route.weight;
  terms.sticky_threshold = route.epoch->sticky_threshold_now();
  terms.sticky = route.sticky ? &*route.sticky : nullptr;
  terms.sticky_seed = route.sticky_seed;
  terms.assign = &route.assign;
  terms.override_by = route.override_by ? &*route.override_by : nullptr;
  terms.pin = route.pin ? &*route.pin : nullptr;
  return terms;
}

SideChoice choose_side(const Route& route, const SideRequest& request, std::size_t worker,
                       Random& random) {
  const SideTerms terms = side_terms(route);
  RouteState::PerWorker& own = route.state->per_worker[worker];
  const SideChoice choice =
      settle_side(terms, request, Draw<OutcomeEpoch>{own.splitter, random, *route.epoch, worker});
  if (by_weight(choice.reason)) {
    const auto key = route.epoch->terms().sticky ? choice.key : std::nullopt;
    route.state->lane->note(worker, request.client.ip_hash(), key);
  }
  return choice;
}

}  // namespace ficus::proxy
