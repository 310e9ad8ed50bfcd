#pragma once

#include <cstddef>

#include "proxy/route/random.h"
#include "proxy/route/side_choice.h"
#include "proxy/route/side_rules.h"
#include "proxy/route/splitter.h"
#include "proxy/route/sticky_key.h"
#include "proxy/side.h"

namespace ficus::proxy {

// What chance and slow start need. Epoch is OutcomeEpoch, or its stand-in in a test.
template <class Epoch>
struct Draw {
  Splitter& splitter;
  Random& random;
  Epoch& epoch;
  std::size_t worker = 0;
};

// Left to the weight, with a key or without one: not to a rule that names a side.
inline bool by_weight(SideReason reason) {
  return reason == SideReason::sticky || reason == SideReason::weight ||
         reason == SideReason::slow_start;
}

// Sent to a side by a rule of the route, not drawn.
inline bool by_rule(SideReason reason) {
  return reason == SideReason::assign || reason == SideReason::pin;
}

// If no endpoint of the chosen side is healthy, the other one takes the request; if none of new is,
// legacy does, whatever its own health. Who asked for a side (override) and who was taken off new
// (rollback) keep theirs; and at weight 0 nobody is moved to new, which takes no traffic then.
inline bool yield_unhealthy(const SideTerms& terms, SideChoice& choice) {
  if (!by_weight(choice.reason) && !by_rule(choice.reason)) return false;
  if (terms.health(choice.side) == SideHealth::healthy) return false;
  const bool new_may_help = terms.fresh == SideHealth::healthy && terms.weight.basis_points() > 0;
  if (choice.side == Side::legacy && !new_may_help) return false;
  choice.side = other(choice.side);
  choice.reason = SideReason::unhealthy;
  return true;
}

// Enters a choice of new into the epoch, which may hold it back.
template <class Epoch>
void admit(const SideTerms& terms, const Draw<Epoch>& draw, SideChoice& choice) {
  if (by_rule(choice.reason)) {
    draw.epoch.assign_new(draw.worker);
    choice.counting = Counting::absolute_only;
    return;
  }
  const bool keyless = terms.sticky != nullptr && !choice.key;
  const bool admitted =
      keyless ? draw.epoch.admit_new_keyless(draw.worker) : draw.epoch.admit_new(draw.worker);
  if (admitted) {
    choice.counting = Counting::full;
  } else {
    choice.side = Side::legacy;
    choice.reason = SideReason::slow_start;
  }
}

// Says for which tests the choice counts, and enters it where it must be entered.
template <class Epoch>
void count(const SideTerms& terms, const Draw<Epoch>& draw, SideChoice& choice) {
  switch (choice.reason) {
    case SideReason::sticky:
    case SideReason::weight:
    case SideReason::assign:
    case SideReason::pin:
      if (choice.side == Side::fresh) {
        admit(terms, draw, choice);
        return;
      }
      if (by_rule(choice.reason)) return;
      break;
    case SideReason::rollback:
      break;  // legacy with all the traffic is what its own rate is learned from
    case SideReason::only_side:
    case SideReason::override_:
    case SideReason::unhealthy:
    case SideReason::slow_start:
      return;
  }
  if (draw.epoch.counts_legacy()) choice.counting = Counting::full;
}

// All rules, then chance, health and slow start. Allocates nothing.
template <class Epoch>
SideChoice settle_side(const SideTerms& terms, const SideRequest& request,
                       const Draw<Epoch>& draw) {
  SideChoice choice;
  RuledSide ruled = rule_side(terms, request);
  if (ruled.generate_key) {
    choice.generated_key = random_hex(draw.random);
    ruled = rule_key(terms, sticky_hash(choice.generated_key->text(), terms.sticky_seed));
  }
  choice.side = ruled.side ? *ruled.side : draw.splitter.draw(terms.weight, draw.random);
  choice.reason = ruled.reason;
  choice.key = ruled.key;
  if (!yield_unhealthy(terms, choice)) count(terms, draw, choice);
  return choice;
}

}  // namespace ficus::proxy
