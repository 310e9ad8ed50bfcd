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

TEST_CASE("of many endpoints two are drawn and the less loaded one wins") {
  Backend backend = backend_of(20);
  for (auto& endpoint : backend.endpoints) endpoint.state->cells[0].in_flight.set(10);
  backend.endpoints[3].state->cells[0].in_flight.set(2);
  const std::uint64_t draws_3_and_4 = 3;  // the second one is the next
  const std::uint64_t draws_2_and_3 = 2;
  const std::uint64_t draws_5_and_6 = 5;
  CHECK((*choose_endpoint(backend, {}, 0, draws_3_and_4))->slot == 3);
  CHECK((*choose_endpoint(backend, {}, 0, draws_2_and_3))->slot == 3);
  CHECK((*choose_endpoint(backend, {}, 0, draws_5_and_6))->slot == 5);
}

TEST_CASE("of many endpoints never one is drawn twice") {
  Backend backend = backend_of(9);
  backend.endpoints[4].state->cells[0].in_flight.set(1);
  for (std::uint64_t high = 0; high < 64; ++high) {
    for (std::uint64_t low = 0; low < 9; ++low) {
      CHECK((*choose_endpoint(backend, {}, 0, high << 32 | low))->slot != 4);
    }
  }
}

TEST_CASE("an ejected endpoint is passed over, also among many, until all others were tried") {
  Backend backend = backend_of(GENERATE(2u, 30u));
  for (std::size_t i = 1; i < backend.endpoints.size(); ++i) {
    backend.endpoints[i].state->standing.eject();
  }
  for (std::uint64_t random = 0; random < 100; ++random) {
    CHECK((*choose_endpoint(backend, {}, 0, random * 0x9e3779b97f4a7c15u))->slot == 0);
  }
  TriedEndpoints tried;
  tried.add(*backend.endpoints[0].state);
  CHECK(choose_endpoint(backend, tried, 0, 0) != nullptr);
}

TEST_CASE("failures in a row are avoided at once, before anybody has ejected the endpoint") {
  Backend backend = backend_of(2);
  auto& standing = backend.endpoints[0].state->standing;
  for (int i = 0; i < 5; ++i) standing.failure();
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 0);  // no outlier detection
  backend.outlier_detection.emplace();
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 1);
  standing.success(5);  // an answer that was still under way
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 1);
  standing.admit();
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 0);
}

TEST_CASE("a success forgets the failures before it") {
  Backend backend = backend_of(2);
  backend.outlier_detection.emplace();
  auto& standing = backend.endpoints[0].state->standing;
  for (int i = 0; i < 20; ++i) {
    standing.failure();
    if (i % 4 == 3) standing.success(5);
  }
  CHECK(standing.consecutive_failures() == 0);
}

TEST_CASE("an ejected endpoint is better than an unhealthy one") {
  Backend backend = backend_of(2);
  backend.endpoints[0].healthy = false;
  backend.endpoints[1].state->standing.eject();
  CHECK((*choose_endpoint(backend, {}, 0, 0))->slot == 1);
  CHECK(backend.usable());  // only health checks make a backend unusable
}
