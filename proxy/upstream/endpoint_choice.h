#pragma once

#include <array>
#include <cstddef>
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

// The untried endpoint with the fewest requests of this worker in flight; among equals the one
// after `start`, so that an idle worker takes turns. Healthy ones first; if none is healthy, all
// are candidates (some answer beats none). Null when all were tried.
const std::shared_ptr<EndpointState>* choose_endpoint(const Backend& backend,
                                                      const TriedEndpoints& tried,
                                                      std::size_t worker, std::size_t start);

}  // namespace ficus::proxy
