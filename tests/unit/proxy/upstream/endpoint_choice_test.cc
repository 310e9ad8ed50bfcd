#include "proxy/upstream/endpoint_choice.h"

#include "tests/support/catch.h"

using ficus::proxy::Backend;
using ficus::proxy::choose_endpoint;
using ficus::proxy::EndpointState;
using ficus::proxy::SocketAddress;
using ficus::proxy::TriedEndpoints;

namespace {

Backend backend_of(std::uint32_t count) {
  Backend backend;
  backend.name = "shop";
  for (std::uint32_t i = 0; i < count; ++i) {
    backend.endpoints.push_back(
        {std::make_shared<EndpointState>(i, "10.0.0." + std::to_string(i), SocketAddress(), 2u),
         true});
  }
  return backend;
}

}  // namespace

TEST_CASE("the endpoint with the fewest requests of this worker is chosen") {
  Backend backend = backend_of(3);
  backend.endpoints[0].state->cells[0].in_flight.set(4);
  backend.endpoints[1].state->cells[0].in_flight.set(1);
  backend.endpoints[2].state->cells[0].in_flight.set(2);
  backend.endpoints[1].state->cells[1].in_flight.set(100);  // another worker's
  for (std::size_t start = 0; start < 3; ++start) {
    CHECK((*choose_endpoint(backend, {}, 0, start))->slot == 1);
  }
}

TEST_CASE("equals take turns by the given start") {
  const Backend backend = backend_of(3);
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 0);
  CHECK((*choose_endpoint(backend, {}, 0, 1))->slot == 1);
  CHECK((*choose_endpoint(backend, {}, 0, 5))->slot == 2);
}

TEST_CASE("an unhealthy endpoint is passed over while another is healthy") {
  Backend backend = backend_of(2);
  backend.endpoints[0].healthy = false;
  backend.endpoints[1].state->cells[0].in_flight.set(50);
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 1);
  backend.endpoints[1].healthy = false;
  CHECK(choose_endpoint(backend, {}, 0, 0) != nullptr);
}

TEST_CASE("an endpoint is tried once, and the choice ends when all were") {
  const Backend backend = backend_of(2);
  TriedEndpoints tried;
  const auto* first = choose_endpoint(backend, tried, 0, 0);
  tried.add(**first);
  const auto* second = choose_endpoint(backend, tried, 0, 0);
  REQUIRE(second != nullptr);
  CHECK((*second)->slot != (*first)->slot);
  tried.add(**second);
  CHECK(choose_endpoint(backend, tried, 0, 0) == nullptr);
}
