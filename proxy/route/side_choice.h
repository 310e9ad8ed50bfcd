#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/route/random.h"
#include "proxy/route/side_rules.h"
#include "proxy/route/splitter.h"
#include "proxy/route/sticky_key.h"
#include "proxy/side.h"

namespace ficus::proxy {

struct Route;

// For which tests of the guard the outcome of an exchange counts.
enum class Counting : std::uint8_t {
  nobody,         // not drawn, or held back: its end is not told to the epoch
  absolute_only,  // new by an `assign` rule or a pin
  full,
};

struct SideChoice {
  Side side = Side::legacy;
  SideReason reason = SideReason::weight;
  Counting counting = Counting::nobody;
  std::optional<std::uint64_t> key;        // hash of the sticky key, for counting by key
  std::optional<RandomHex> generated_key;  // to be set as a cookie, if may_set_cookie
};

// Chooses the side of a request, shows it to the route's lane if it is drawn (or sticky), and if
// it goes to new enters it into the route's epoch: call it once a request, and read the time of
// assignment before. An exchange whose `counting` is not `nobody` then tells its end to the epoch.
// `worker` is the calling worker's number; its splitter is used.
SideChoice choose_side(const Route& route, const SideRequest& request, std::size_t worker,
                       Random& random);

// What choose_side asks for a route: its sides' health, the lane, the threshold in force.
SideTerms side_terms(const Route& route);

}  // namespace ficus::proxy
