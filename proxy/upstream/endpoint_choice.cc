#include "proxy/upstream/endpoint_choice.h"

#include <algorithm>

namespace ficus::proxy {
namespace {

enum class Rank : std::uint8_t { tried, unhealthy, ejected, in_service };

Rank rank_of(const Endpoint& endpoint, const TriedEndpoints& tried, std::uint32_t failure_limit) {
  if (tried.contains(*endpoint.state)) return Rank::tried;
  if (!endpoint.healthy) return Rank::unhealthy;
  return endpoint.state->standing.in_service(failure_limit) ? Rank::in_service : Rank::ejected;
}

std::uint64_t load_of(const Endpoint& endpoint, std::size_t worker) {
  return endpoint.state->cells[worker].in_flight.value();
}

}  // namespace

const std::shared_ptr<EndpointState>* choose_endpoint(const Backend& backend,
                                                      const TriedEndpoints& tried,
                                                      std::size_t worker, std::uint64_t random) {
  const std::size_t count = backend.endpoints.size();
  if (count == 0) return nullptr;
  const std::uint32_t limit = backend.failure_limit();
  const std::size_t start = random % count;
  if (count > kScannedEndpoints) {
    const std::size_t other = (start + 1 + (random >> 32) % (count - 1)) % count;
    const Endpoint& a = backend.endpoints[start];
    const Endpoint& b = backend.endpoints[other];
    if (rank_of(a, tried, limit) == Rank::in_service &&
        rank_of(b, tried, limit) == Rank::in_service) {
      return load_of(b, worker) < load_of(a, worker) ? &b.state : &a.state;
    }
  }
  const Rank least = backend.usable() ? Rank::ejected : Rank::unhealthy;
  const std::shared_ptr<EndpointState>* best = nullptr;
  Rank best_rank = Rank::tried;
  std::uint64_t best_load = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Endpoint& endpoint = backend.endpoints[start + i < count ? start + i : start + i - count];
    const Rank rank = rank_of(endpoint, tried, limit);
    if (rank < std::max(best_rank, least)) continue;
    const std::uint64_t load = load_of(endpoint, worker);
    if (rank == best_rank && load >= best_load) continue;
    best = &endpoint.state;
    best_rank = rank;
    best_load = load;
  }
  return best;
}

}  // namespace ficus::proxy
