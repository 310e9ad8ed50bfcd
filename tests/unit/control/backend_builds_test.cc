#include "control/change/backend_builds.h"

#include <chrono>
#include <string>

#include "control/decision.h"
#include "tests/support/catch.h"
#include "tests/support/manual_clock.h"

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Finding = BuildHistory::Finding;

config::Backend backend(const std::string& name) {
  config::Backend result;
  result.name = name;
  return result;
}

config::Backend saying(const std::string& header) {
  config::Backend result = backend("new");
  result.build_header = header;
  return result;
}

config::Backend running(const std::string& build) {
  config::Backend result = backend("new");
  result.build = build;
  return result;
}

struct Fixture {
  ManualClock clock;
  BackendBuilds builds{2, nullptr};

  std::optional<BuildChange> see(const std::string& build) {
    return builds.see({"new", "X-Build", build}, clock.now());
  }
};

}  // namespace

TEST_CASE("the first build that is seen only becomes known") {
  BuildHistory history;
  CHECK(history.current().empty());
  CHECK(history.see("a", {}) == Finding::first);
  CHECK(history.current() == "a");
  CHECK(history.see("a", {}) == Finding::known);
}

TEST_CASE("a build that was never seen is fresh, however soon after the first") {
  BuildHistory history;
  history.see("a", {});
  CHECK(history.see("b", {}) == Finding::fresh);
  CHECK(history.current() == "b");
}

TEST_CASE("a rolling deploy, in which both builds answer in turn, is one deploy") {
  ManualClock clock;
  BuildHistory history;
  history.see("a", clock.now());
  CHECK(history.see("b", clock.now()) == Finding::fresh);
  for (int i = 0; i < 100; ++i) {
    clock.advance(seconds(1));
    CHECK(history.see(i % 2 == 0 ? "a" : "b", clock.now()) == Finding::known);
  }
  CHECK(history.current() == "b");
}

TEST_CASE("the last sixteen builds are remembered") {
  ManualClock clock;
  BuildHistory history;
  for (int i = 0; i < 17; ++i) {
    history.see(std::to_string(i), clock.now());
    clock.advance(minutes(1));
  }
  for (int i = 1; i < 17; ++i) {
    CHECK(history.see(std::to_string(i), clock.now()) == Finding::known);
  }
  CHECK(history.see("0", clock.now()) == Finding::fresh);
}

TEST_CASE("another new build is fresh again ten seconds after the last new one") {
  ManualClock clock;
  BuildHistory history;
  history.see("a", clock.now());
  CHECK(history.see("b", clock.now()) == Finding::fresh);
  clock.advance(milliseconds(9'999));
  CHECK(history.see("c", clock.now()) == Finding::crowded);
  CHECK(history.current() == "c");
  clock.advance(milliseconds(9'999));
  CHECK(history.see("d", clock.now()) == Finding::crowded);
  clock.advance(seconds(10));
  CHECK(history.see("e", clock.now()) == Finding::fresh);
}

TEST_CASE("a header that changes with every answer begins one epoch and is told once") {
  Fixture fixture;
  fixture.builds.load({saying("X-Build")});
  int told = 0;
  for (int i = 0; i < 10'000; ++i) {
    fixture.clock.advance(milliseconds(100));
    if (fixture.see("request-" + std::to_string(i))) ++told;
  }
  CHECK(fixture.builds.deploys("new") == 1);
  CHECK(told == 3);  // the first, the fresh, the crowded
}

TEST_CASE("a build of the configuration is fresh when another one is written there") {
  Fixture fixture;
  CHECK(fixture.builds.load({running("a")}).empty());
  CHECK(fixture.builds.current("new") == "a");
  CHECK(fixture.builds.load({running("a")}).empty());
  const auto changes = fixture.builds.load({running("b")});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].finding == Finding::fresh);
  CHECK(changes[0].backend == "new");
  CHECK(changes[0].before == "a");
  CHECK(changes[0].build == "b");
  CHECK(fixture.builds.current("new") == "b");
  CHECK(fixture.builds.deploys("new") == 1);
  // Who writes it says so: the way back is a deploy too.
  CHECK(fixture.builds.load({running("a")}).size() == 1);
}

TEST_CASE("what is known of a build header survives a reload") {
  Fixture fixture;
  fixture.builds.load({saying("X-Build")});
  const auto watch = fixture.builds.watch("new");
  REQUIRE(watch);
  CHECK(fixture.see("a")->finding == Finding::first);
  fixture.builds.load({backend("other"), saying("x-build")});
  CHECK(fixture.builds.watch("new") == watch);
  CHECK_FALSE(fixture.see("a"));
  CHECK(fixture.see("b")->before == "a");
  CHECK(fixture.builds.deploys("new") == 1);
}

TEST_CASE("who removes the key forgets the builds, and deploys nothing") {
  Fixture fixture;
  fixture.builds.load({saying("X-Build")});
  fixture.see("a");
  fixture.see("b");

  SECTION("the key alone") { fixture.builds.load({backend("new")}); }
  SECTION("with the backend") { fixture.builds.load({}); }
  CHECK_FALSE(fixture.builds.watch("new"));
  CHECK(fixture.builds.current("new").empty());
  CHECK(fixture.builds.deploys("new") == 1);
  CHECK_FALSE(fixture.see("c"));  // of an answer that was on its way

  fixture.builds.load({saying("X-Build")});
  CHECK(fixture.see("c")->finding == Finding::first);
  CHECK(fixture.builds.deploys("new") == 1);
}

TEST_CASE("another source of the build begins from nothing") {
  Fixture fixture;
  fixture.builds.load({running("a")});
  CHECK(fixture.builds.load({saying("X-Build")}).empty());
  CHECK(fixture.builds.current("new").empty());
  CHECK(fixture.see("b")->finding == Finding::first);
  CHECK(fixture.builds.load({saying("X-Version")}).empty());
  CHECK_FALSE(fixture.see("c"));
  CHECK(fixture.builds.current("new").empty());
  CHECK(fixture.builds.load({running("d")}).empty());
  CHECK(fixture.builds.current("new") == "d");
  CHECK_FALSE(fixture.builds.watch("new"));
  CHECK(fixture.builds.deploys("new") == 0);
}

TEST_CASE("a build is told with the backend, what was before, and the routes to it") {
  const BuildChange first{Finding::first, "new-shop", "X-Build", "", "a"};
  CHECK(log_line(first, {"shop"}) == "build backend=\"new-shop\" build=\"a\"");
  const BuildChange fresh{Finding::fresh, "new-shop", "X-Build", "a", "b"};
  CHECK(log_line(fresh, {"catalog", "shop"}) ==
        "new build backend=\"new-shop\" build=\"b\" before=\"a\" routes=\"catalog,shop\"");
  const BuildChange crowded{Finding::crowded, "new-shop", "X-Build", "b", "c"};
  CHECK_THAT(log_line(crowded, {"shop"}),
             ContainsSubstring("the header X-Build of backend new-shop does not look like a build: "
                               "\"c\" came within 10 s of another new value"));
}

}  // namespace ficus::control
