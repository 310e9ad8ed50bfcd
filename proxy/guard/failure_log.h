#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "proxy/guard/trip.h"

namespace ficus::proxy {

// The first and the last 20 failing exchanges of a stage. Thread: one at a time.
class FailureLog {
 public:
  static constexpr std::size_t kKept = 20;

  void add(const FailedExchange& failure, SteadyTime now);
  void clear();

  std::vector<KeptFailure> first() const { return first_; }
  std::vector<KeptFailure> last() const { return {last_.begin(), last_.end()}; }

  // Client addresses among the last 20 failures without a key of the last ten minutes. Not among
  // all failures: the stray failures of a healthy side would soon have come from three clients,
  // and one retrying client could then pass for a broken release.
  std::size_t clients(SteadyTime now) const;

 private:
  struct Keyless {
    SteadyTime at{};
    std::uint64_t client = 0;
  };

  std::vector<KeptFailure> first_;
  std::deque<KeptFailure> last_;
  std::deque<Keyless> keyless_;
};

}  // namespace ficus::proxy
