#include "proxy/upstream/endpoint_choice.h"

namespace ficus::proxy {

const std::shared_ptr<EndpointState>* choose_endpoint(const Backend& backend,
                                                      const TriedEndpoints& tried,
                                                      std::size_t worker, std::size_t start) {
  const std::size_t count = backend.endpoints.size();
  const bool any_healthy = backend.usable();
  const std::shared_ptr<EndpointState>* best = nullptr;
  std::uint64_t best_load = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Endpoint& endpoint = backend.endpoints[(start + i) % count];
    if ((any_healthy && !endpoint.healthy) || tried.contains(*endpoint.state)) continue;
    const std::uint64_t load = endpoint.state->cells[worker].in_flight.value();
    if (best != nullptr && load >= best_load) continue;
    best = &endpoint.state;
    best_load = load;
  }
  return best;
}

}  // namespace ficus::proxy
