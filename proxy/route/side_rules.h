#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/model.h"
#include "proxy/guard/trip.h"
#include "proxy/net/address.h"
#include "proxy/route/assign.h"
#include "proxy/route/override.h"
#include "proxy/route/pin.h"
#include "proxy/route/request_view.h"
#include "proxy/side.h"

namespace ficus::proxy {

// What the choice of a side asks of one request.
struct SideRequest {
  RequestView view;
  SocketAddress client;
  std::int64_t unix_now = 0;     // seconds, for the expiry of a signed override
  std::int64_t unix_now_ms = 0;  // for the age of a pin; only read on routes that pin
};

enum class SideHealth : std::uint8_t {
  absent,     // the route has no such side
  unhealthy,  // no endpoint of it is healthy
  healthy,
};

// What a route says about its sides at one moment. Borrows from the route.
struct SideTerms {
  SideHealth legacy = SideHealth::healthy;
  SideHealth fresh = SideHealth::healthy;
  LaneState lane = LaneState::open;
  config::Weight weight;
  std::uint64_t sticky_threshold = 0;  // in force now; below the weight's while a ramp runs
  const config::Sticky* sticky = nullptr;
  std::uint64_t sticky_seed = 0;
  const std::vector<CompiledAssign>* assign = nullptr;
  const CompiledOverride* override_by = nullptr;
  const CompiledPin* pin = nullptr;
  PinCheck pin_check = PinCheck::signature;

  SideHealth health(Side side) const { return side == Side::legacy ? legacy : fresh; }
};

// The same route, were its weight another and no ramp running.
SideTerms at_weight(const SideTerms& terms, config::Weight weight);

// Where the rules send a request before chance, health and slow start have had their say.
struct RuledSide {
  std::optional<Side> side;  // nothing: drawn by weight
  SideReason reason = SideReason::weight;
  std::optional<std::uint64_t> key{};  // hash of the sticky key
  bool generate_key = false;           // no key came: make one, then ask rule_key
};

// Pure: what `explain` shows. Order: only_side, override, rollback, assign, pin, sticky,
// weight.
RuledSide rule_side(const SideTerms& terms, const SideRequest& request);

// The side of a sticky key. slow_start: the weight would send it to new, the ramp does not yet.
RuledSide rule_key(const SideTerms& terms, std::uint64_t key);

}  // namespace ficus::proxy
