#include "control/metrics/aggregator.h"

#include "tests/support/catch.h"

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Sampled {
  Sampled() : route("shop", 2) {}

  void serve(int requests, int failed = 0) {
    proxy::SideCells& side = route.per_worker[0].cells.sides[0];
    for (int i = 0; i < requests; ++i) {
      side.requests.add(200);
      side.duration.record(1'000);
    }
    side.errors[static_cast<std::size_t>(proxy::ErrorKind::reset)].add(
        static_cast<std::uint64_t>(failed));
  }

  // Ticks for that long, with so many requests at the end of each second.
  void run(seconds time, int requests_a_second) {
    for (auto left = time; left > seconds(0); left -= seconds(1)) {
      for (int tick = 0; tick < 10; ++tick) {
        now += milliseconds(100);
        aggregator.sample(route, now);
      }
      serve(requests_a_second);
    }
  }

  SideRates legacy() const { return aggregator.rates(route, now).sides[0]; }

  proxy::RouteState route;
  Aggregator aggregator;
  Clock::Monotonic now{seconds(1'000)};
};

TEST_CASE("tells the rate of each window of steady traffic") {
  Sampled sampled;
  sampled.run(seconds(1'300), 20);
  const SideRates rates = sampled.legacy();
  CHECK(rates.requests == 26'000);
  CHECK(rates.per_second[0] == Approx(20).epsilon(0.12));
  CHECK(rates.per_second[1] == Approx(20).epsilon(0.03));
  CHECK(rates.per_second[2] == Approx(20).epsilon(0.03));
}

TEST_CASE("a route that fell quiet shows no rate after the window") {
  Sampled sampled;
  sampled.run(seconds(30), 100);
  sampled.run(seconds(25), 0);
  const SideRates rates = sampled.legacy();
  CHECK(rates.per_second[0] == Approx(0));
  CHECK(rates.per_second[1] == Approx(3'000 / 55.0).epsilon(0.05));
}

TEST_CASE("a burst after a long pause counts in its window only") {
  Sampled sampled;
  sampled.run(seconds(5), 10);
  sampled.run(seconds(300), 0);
  sampled.run(seconds(1), 500);
  sampled.run(seconds(2), 0);
  const SideRates rates = sampled.legacy();
  CHECK(rates.per_second[0] == Approx(50).epsilon(0.12));
  CHECK(rates.per_second[1] == Approx(500 / 60.0).epsilon(0.03));
}

TEST_CASE("percentiles are of the last minute, and none without requests in it") {
  Sampled sampled;
  CHECK_FALSE(sampled.legacy().p50);
  sampled.run(seconds(3), 10);
  REQUIRE(sampled.legacy().p50);
  CHECK(*sampled.legacy().p50 == Approx(0.001).epsilon(0.3));
  sampled.run(seconds(90), 0);
  CHECK_FALSE(sampled.legacy().p50);
}

TEST_CASE("tells the share of errors") {
  Sampled sampled;
  sampled.run(seconds(2), 50);
  sampled.serve(0, 10);
  CHECK(sampled.legacy().error_ratio[0] == Approx(0.1));
}

}  // namespace
}  // namespace ficus::control
