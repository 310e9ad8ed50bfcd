#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proxy/guard/outcome_epoch.h"

namespace ficus::proxy {

// Keeps fallbacks a share of a route's requests, so that a broken side does not double the load
// on the other one. One for each worker and route; worker thread only; allocates nothing.
//
// The last 10 s are ten slots of a second, the present one included: 9 to 10 s are remembered.
// At least kFloor fallbacks in that time are allowed whatever the share; the floor is divided
// evenly among the workers (rounded up), so that the process as a whole keeps to it. A worker that
// gets more than its part of the traffic falls back on the share.
class FallbackBudget {
 public:
  static constexpr std::uint32_t kFloor = 256;
  static constexpr std::size_t kSeconds = 10;

  // A request of the route, whatever becomes of it.
  void request(SteadyTime now);

  // May one more request fall back? If so it is charged.
  bool take(SteadyTime now, double percent, std::size_t workers);

 private:
  struct Slot {
    std::uint32_t requests = 0;
    std::uint32_t fallbacks = 0;
  };

  void advance(SteadyTime now);

  std::array<Slot, kSeconds> slots_{};
  Slot sum_;
  std::int64_t second_ = 0;
};

}  // namespace ficus::proxy
