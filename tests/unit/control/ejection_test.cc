#include "control/health/ejection.h"

#include "control/change/route_registry.h"
#include "control/health/outlier_detector.h"
#include "tests/support/catch.h"
#include "tests/support/manual_clock.h"

namespace ficus::control {
namespace {

using config::OutlierDetection;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Three endpoints of one backend, and what was said about them.
struct Fixture {
  ManualClock clock;
  proxy::RoutingSnapshot snapshot;
  std::vector<OutlierDetector::Event> events;
  OutlierDetector detector{[this](const auto& event) { events.push_back(event); }};

  explicit Fixture(std::uint32_t endpoints) {
    auto backend = std::make_unique<proxy::Backend>();
    backend->name = "shop";
    backend->outlier_detection.emplace();
    for (std::uint32_t i = 0; i < endpoints; ++i) {
      const std::string name = "10.0.0." + std::to_string(i) + ":80";
      backend->endpoints.push_back(
          {std::make_shared<proxy::EndpointState>(i, name, proxy::SocketAddress(), 1u), true,
           name});
    }
    snapshot.backends.push_back(std::move(backend));
  }

  proxy::Backend& backend() { return *snapshot.backends[0]; }
  proxy::EndpointStanding& standing(std::size_t i) {
    return backend().endpoints[i].state->standing;
  }
  void fail(std::size_t i, int times = 5) {
    for (int n = 0; n < times; ++n) standing(i).failure();
  }
  void tick(milliseconds after = milliseconds(100)) {
    clock.advance(after);
    detector.tick(snapshot, clock.now());
  }
};

}  // namespace

TEST_CASE("the last usable endpoint is never ejected") {
  const OutlierDetection terms;
  CHECK_FALSE(may_eject(terms, {1, 0, 1}));
  CHECK(may_eject(terms, {2, 0, 2}));
  CHECK_FALSE(may_eject(terms, {2, 0, 1}));  // the other one is unhealthy
  OutlierDetection all = terms;
  all.max_ejection_percent = 100;
  CHECK_FALSE(may_eject(all, {2, 1, 1}));
}

TEST_CASE("no more than max_ejection_percent are ejected, but one may always be") {
  OutlierDetection terms;
  terms.max_ejection_percent = 50;
  CHECK(may_eject(terms, {4, 1, 3}));
  CHECK_FALSE(may_eject(terms, {4, 2, 2}));
  CHECK_FALSE(may_eject(terms, {3, 1, 2}));
  terms.max_ejection_percent = 0;
  CHECK(may_eject(terms, {10, 0, 10}));
  CHECK_FALSE(may_eject(terms, {10, 1, 9}));
}

TEST_CASE("an ejection lasts longer each time, up to the most") {
  OutlierDetection terms;
  terms.base_ejection_time = seconds(30);
  terms.max_ejection_time = seconds(70);
  CHECK(ejection_time(terms, 1) == seconds(30));
  CHECK(ejection_time(terms, 2) == seconds(60));
  CHECK(ejection_time(terms, 3) == seconds(70));
  CHECK(ejection_time(terms, 1'000'000) == seconds(70));
  terms.max_ejection_time = seconds(1);
  CHECK(ejection_time(terms, 1) == seconds(30));
}

TEST_CASE("an endpoint that fails in a row is ejected and returns") {
  Fixture fixture(3);
  fixture.fail(1, 4);
  fixture.tick();
  CHECK(fixture.events.empty());
  fixture.fail(1, 1);
  fixture.tick();
  REQUIRE(fixture.events.size() == 1);
  CHECK(fixture.events[0].ejected);
  CHECK(fixture.events[0].endpoint == "10.0.0.1:80");
  CHECK(fixture.events[0].failures == 5);
  CHECK(fixture.events[0].time == seconds(30));
  CHECK(fixture.standing(1).ejected());
  CHECK(fixture.standing(1).ejections() == 1);

  fixture.tick(seconds(29));
  CHECK(fixture.standing(1).ejected());
  fixture.tick(seconds(1));
  REQUIRE(fixture.events.size() == 2);
  CHECK_FALSE(fixture.events[1].ejected);
  CHECK(fixture.standing(1).in_service(5));
}

TEST_CASE("one that fails again at once is ejected for longer, one that lasts is forgiven") {
  Fixture fixture(3);
  fixture.fail(1);
  fixture.tick();
  fixture.tick(seconds(30));
  fixture.fail(1);
  fixture.tick();
  CHECK(fixture.events.back().time == seconds(60));
  fixture.tick(seconds(60));
  CHECK_FALSE(fixture.events.back().ejected);
  fixture.tick(seconds(60));  // two ejections forgiven
  fixture.fail(1);
  fixture.tick();
  CHECK(fixture.events.back().time == seconds(30));
}

TEST_CASE("all fail: some stay in service, and the failures begin anew") {
  Fixture fixture(3);
  for (std::size_t i = 0; i < 3; ++i) fixture.fail(i);
  fixture.tick();
  CHECK(fixture.events.size() == 1);
  std::size_t ejected = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    ejected += fixture.standing(i).ejected() ? 1 : 0;
    CHECK(fixture.standing(i).consecutive_failures() == 0);
  }
  CHECK(ejected == 1);
}

TEST_CASE("an endpoint of one is never ejected, and used on") {
  Fixture fixture(1);
  fixture.fail(0);
  fixture.tick();
  CHECK(fixture.events.empty());
  CHECK(fixture.standing(0).in_service(5));
}

TEST_CASE("a reload without outlier_detection lets the ejected return") {
  Fixture fixture(2);
  fixture.fail(0);
  fixture.tick();
  REQUIRE(fixture.standing(0).ejected());
  fixture.backend().outlier_detection.reset();
  fixture.tick();
  CHECK_FALSE(fixture.standing(0).ejected());
  CHECK(fixture.events.size() == 2);
}

TEST_CASE("an ejected endpoint that a reload speaks to in another way stays ejected, and known") {
  Fixture fixture(3);
  RouteRegistry registry(1, nullptr);
  config::EndpointUrl url;
  url.scheme = config::EndpointScheme::https;
  url.host = "10.0.0.1";
  url.port = 443;
  const auto reload = [&](const std::string& fingerprint, const std::string& name = "shop.test") {
    registry.begin_snapshot();
    auto state = registry.endpoint("shop", url, *proxy::SocketAddress::parse(url.host, url.port),
                                   {name, fingerprint});
    registry.end_snapshot();
    fixture.backend().endpoints[1].state = state;
    return state;
  };
  const auto first = reload("before");
  fixture.fail(1);
  fixture.tick();
  REQUIRE(first->standing.ejected());

  const auto second = reload("after");
  REQUIRE(second != first);
  CHECK(second->standing.ejected());
  CHECK(second->standing.ejections() == 1);
  fixture.tick(seconds(29));
  CHECK(second->standing.ejected());
  fixture.tick(seconds(1));
  CHECK_FALSE(second->standing.ejected());
  // It is the second time, whatever the way.
  fixture.fail(1);
  reload("again");
  fixture.tick();
  CHECK(fixture.events.back().ejected);
  CHECK(fixture.events.back().time == seconds(60));
  // A healthy one comes back as it is now, not as it was.
  fixture.tick(seconds(60));
  CHECK_FALSE(reload("before")->standing.ejected());
  CHECK(first->standing.ejections() == 2);
  // Another server is another endpoint.
  CHECK(reload("before", "other.test")->standing.ejections() == 0);
}

}  // namespace ficus::control
