#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "proxy/snapshot.h"

namespace ficus::proxy {

// Endpoints that this exchange has tried in vain.
class TriedEndpoints {
 public:
  static constexpr std::size_t kMost = 3;  // the first and up to two others

  bool contains(const EndpointState& endpoint) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (tried_[i] == &endpoint) return true;
    }
    return false;
  }
  bool full() const { return count_ == kMost; }
  void add(const EndpointState& endpoint) { tried_[count_++] = &endpoint; }
  void clear() { count_ = 0; }

 private:
  std::array<const EndpointState*, kMost> tried_{};
  std::size_t count_ = 0;
};

// Up to so many endpoints all are looked at; of more, two drawn at random are compared, which
// loads them nearly as evenly and touches two cache lines (power of two choices).
inline constexpr std::size_t kScannedEndpoints = 8;

// The untried endpoint with the fewest requests of this worker in flight. Each worker sees its own
// requests only; that is enough, because each spreads its share. Among equals the one after
// `random`, so that an idle worker takes turns. Candidates are the healthy ones in service; if
// there is none, the healthy ones that outlier detection has ejected; if none is healthy, all (some
// answer beats none). Null when all were tried.
const std::shared_ptr<EndpointState>* choose_endpoint(const Backend& backend,
                                                      const TriedEndpoints& tried,
                                                      std::size_t worker, std::uint64_t random);

}  // namespace ficus::proxy
