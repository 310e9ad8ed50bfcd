#include "proxy/guard/recent_traffic.h"

#include <chrono>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::seconds;

SteadyTime at(int second) { return SteadyTime(seconds(second)); }

TEST_CASE("tells up to three active clients apart, over all workers") {
  RecentTraffic traffic(2);
  CHECK(traffic.active_clients() == 0);
  traffic.note(0, 11, std::nullopt);
  traffic.note(0, 11, std::nullopt);
  traffic.note(1, 11, std::nullopt);
  CHECK(traffic.active_clients() == 1);
  traffic.note(1, 12, std::nullopt);
  CHECK(traffic.active_clients() == 2);
  for (std::uint64_t client = 13; client < 100; ++client) traffic.note(0, client, std::nullopt);
  CHECK(traffic.active_clients() == 3);
}

TEST_CASE("remembers clients for ten minutes") {
  RecentTraffic traffic(1);
  traffic.advance(at(1));
  traffic.note(0, 11, std::nullopt);
  for (int minute = 1; minute <= 9; ++minute) traffic.advance(at(1 + 60 * minute));
  CHECK(traffic.active_clients() == 1);
  for (int minute = 10; minute <= 11; ++minute) traffic.advance(at(1 + 60 * minute));
  CHECK(traffic.active_clients() == 0);
}

TEST_CASE("estimates the number of keys within a tenth") {
  const std::uint64_t keys = GENERATE(1, 10, 100, 2'000, 200'000);
  RecentTraffic traffic(2);
  traffic.track_keys(at(0));
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t key = 0; key < keys; ++key) {
      traffic.note((key + static_cast<std::uint64_t>(round)) % 2, 1, key * 0x9e3779b97f4a7c15u);
    }
  }
  CHECK(traffic.keys() == Approx(static_cast<double>(keys)).epsilon(0.1));
}

TEST_CASE("remembers keys for ten minutes") {
  RecentTraffic traffic(1);
  traffic.track_keys(at(0));
  traffic.advance(at(1));
  for (std::uint64_t key = 0; key < 50; ++key) traffic.note(0, 1, key);
  for (int minute = 1; minute <= 9; ++minute) traffic.advance(at(1 + 60 * minute));
  CHECK(traffic.keys() == Approx(50).epsilon(0.1));
  for (int minute = 10; minute <= 11; ++minute) traffic.advance(at(1 + 60 * minute));
  CHECK(traffic.keys() == Approx(0));
}

}  // namespace
}  // namespace ficus::proxy
