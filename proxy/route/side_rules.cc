#include "proxy/route/side_rules.h"

#include "proxy/guard/outcome_epoch.h"
#include "proxy/route/sticky_key.h"

namespace ficus::proxy {
namespace {

std::optional<std::uint64_t> key_of(const SideTerms& terms, const SideRequest& request) {
  if (terms.sticky == nullptr) return std::nullopt;
  return find_sticky_key(*terms.sticky, terms.sticky_seed, request.view, request.client);
}

// At weight 0 no new request goes to new, pinned or not.
std::optional<Side> pin_of(const SideTerms& terms, const SideRequest& request) {
  if (terms.pin == nullptr) return std::nullopt;
  const auto side = pinned_side(*terms.pin, request.view, request.unix_now_ms, terms.pin_check);
  if (side == Side::fresh && terms.weight.basis_points() == 0) return std::nullopt;
  return side;
}

// Day 0 changes nothing: while no request goes to new by weight, no client is given a cookie.
bool wants_generated_key(const SideTerms& terms) {
  return terms.sticky != nullptr && terms.weight.basis_points() > 0 && generates_key(*terms.sticky);
}

}  // namespace

SideTerms at_weight(const SideTerms& terms, config::Weight weight) {
  SideTerms result = terms;
  result.weight = weight;
  result.sticky_threshold = sticky_threshold(weight);
  return result;
}

RuledSide rule_side(const SideTerms& terms, const SideRequest& request) {
  if (terms.fresh == SideHealth::absent) return {Side::legacy, SideReason::only_side};
  if (terms.legacy == SideHealth::absent) return {Side::fresh, SideReason::only_side};
  if (terms.override_by != nullptr) {
    const auto side =
        override_side(*terms.override_by, request.view, request.client, request.unix_now);
    if (side) return {side, SideReason::override_};
  }
  if (terms.lane != LaneState::open) return {Side::legacy, SideReason::rollback};
  if (terms.assign != nullptr) {
    const auto side = assigned_side(*terms.assign, request.view, request.client);
    if (side) return {side, SideReason::assign, key_of(terms, request)};
  }
  if (const auto side = pin_of(terms, request)) {
    return {side, SideReason::pin, key_of(terms, request)};
  }
  if (const auto key = key_of(terms, request)) return rule_key(terms, *key);
  return {std::nullopt, SideReason::weight, std::nullopt, wants_generated_key(terms)};
}

RuledSide rule_key(const SideTerms& terms, std::uint64_t key) {
  if (key < terms.sticky_threshold) return {Side::fresh, SideReason::sticky, key};
  const bool held_back = key < sticky_threshold(terms.weight);
  return {Side::legacy, held_back ? SideReason::slow_start : SideReason::sticky, key};
}

}  // namespace ficus::proxy
