#include "proxy/route/side_choice.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/guard/fast_lane.h"
#include "proxy/route/settle_side.h"
#include "proxy/snapshot.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

using Kind = config::StickySource::Kind;

// An epoch that answers as it is told and remembers what it was asked.
struct FakeEpoch {
  bool admits = true;
  bool legacy_counts = true;
  int admitted = 0;
  int keyless = 0;
  int assigned = 0;

  bool admit_new(std::size_t) {
    if (admits) ++admitted;
    return admits;
  }
  bool admit_new_keyless(std::size_t worker) {
    ++keyless;
    return admit_new(worker);
  }
  void assign_new(std::size_t) { ++assigned; }
  bool counts_legacy() const { return legacy_counts; }
};

config::Weight percent(double value) { return config::Weight::from_percent(value).value(); }

// A route in whatever condition, and one request to it.
struct Scene {
  SideTerms terms = at_weight({}, percent(100));
  FakeHeaders headers;
  FakeEpoch epoch;
  Splitter splitter;
  Random random{1};
  config::Sticky sticky;
  std::vector<CompiledAssign> assign;
  CompiledOverride override_by;

  void at(double weight) { terms = at_weight(terms, percent(weight)); }
  void assign_all(Side side) {
    assign = {{{}, {}, {}, side}};
    terms.assign = &assign;
  }
  void override_with(std::string side) {
    override_by.header = "X-Ficus-Side";
    override_by.from = CidrSet::parse({"10.0.0.0/8"}).value();
    terms.override_by = &override_by;
    headers = {{"X-Ficus-Side", std::move(side)}};
  }
  void stick(std::vector<config::StickySource> by) {
    sticky.by = std::move(by);
    terms.sticky = &sticky;
  }
  SideChoice choose() {
    SideRequest request;
    request.view = request_with(headers);
    request.client = client_at("10.1.1.1");
    return settle_side(terms, request, Draw<FakeEpoch>{splitter, random, epoch, 0});
  }
  int entered() const { return epoch.admitted + epoch.assigned; }
};

TEST_CASE("a request drawn for new is entered and counted", "[side_choice]") {
  Scene scene;
  const SideChoice choice = scene.choose();
  CHECK(choice.side == Side::fresh);
  CHECK(choice.reason == SideReason::weight);
  CHECK(choice.counting == Counting::full);
  CHECK(scene.epoch.admitted == 1);
  CHECK(scene.epoch.keyless == 0);
}

TEST_CASE("a request drawn for legacy is counted unless slow start is short of tokens",
          "[side_choice]") {
  Scene scene;
  scene.at(0);
  CHECK(scene.choose().side == Side::legacy);
  CHECK(scene.choose().counting == Counting::full);
  scene.epoch.legacy_counts = false;
  CHECK(scene.choose().counting == Counting::nobody);
  CHECK(scene.entered() == 0);
}

TEST_CASE("a request that slow start holds back goes to legacy and counts for nobody",
          "[side_choice]") {
  Scene scene;
  scene.epoch.admits = false;
  const SideChoice choice = scene.choose();
  CHECK(choice.side == Side::legacy);
  CHECK(choice.reason == SideReason::slow_start);
  CHECK(choice.counting == Counting::nobody);
}

TEST_CASE("an only side, an override and a swapped side count for nobody", "[side_choice]") {
  Scene scene;
  SECTION("only_side, new") {
    scene.terms.legacy = SideHealth::absent;
    CHECK(scene.choose().side == Side::fresh);
    CHECK(scene.choose().reason == SideReason::only_side);
  }
  SECTION("only_side, legacy") {
    scene.terms.fresh = SideHealth::absent;
    CHECK(scene.choose().side == Side::legacy);
    CHECK(scene.choose().reason == SideReason::only_side);
  }
  SECTION("override") {
    scene.override_with("new");
    CHECK(scene.choose().side == Side::fresh);
    CHECK(scene.choose().reason == SideReason::override_);
  }
  SECTION("unhealthy") {
    scene.terms.fresh = SideHealth::unhealthy;
    CHECK(scene.choose().side == Side::legacy);
    CHECK(scene.choose().reason == SideReason::unhealthy);
  }
  CHECK(scene.choose().counting == Counting::nobody);
  CHECK(scene.entered() == 0);
}

TEST_CASE("an override passes the latch", "[side_choice]") {
  Scene scene;
  scene.terms.lane = LaneState::latched;
  scene.override_with("new");
  CHECK(scene.choose().side == Side::fresh);
  CHECK(scene.choose().reason == SideReason::override_);
}

TEST_CASE("a latch and a retreat free everybody at once", "[side_choice]") {
  Scene scene;
  scene.terms.lane = GENERATE(LaneState::latched, LaneState::retreated);
  scene.assign_all(Side::fresh);
  scene.stick({{Kind::client_ip, ""}, {Kind::generated, ""}});
  const SideChoice choice = scene.choose();
  CHECK(choice.side == Side::legacy);
  CHECK(choice.reason == SideReason::rollback);
  CHECK(choice.counting == Counting::full);
  CHECK_FALSE(choice.generated_key);
  CHECK(scene.entered() == 0);
}

TEST_CASE("an assigned request counts for the absolute test if it goes to new", "[side_choice]") {
  Scene scene;
  scene.epoch.admits = false;  // an assigned request is never held back
  SECTION("to new") {
    scene.at(0);
    scene.assign_all(Side::fresh);
    const SideChoice choice = scene.choose();
    CHECK(choice.side == Side::fresh);
    CHECK(choice.reason == SideReason::assign);
    CHECK(choice.counting == Counting::absolute_only);
    CHECK(scene.epoch.assigned == 1);
  }
  SECTION("to legacy") {
    scene.assign_all(Side::legacy);
    const SideChoice choice = scene.choose();
    CHECK(choice.side == Side::legacy);
    CHECK(choice.reason == SideReason::assign);
    CHECK(choice.counting == Counting::nobody);
    CHECK(scene.entered() == 0);
  }
}

TEST_CASE("a side without a healthy endpoint yields to the other one", "[side_choice]") {
  struct Row {
    const char* what;
    double weight;
    SideHealth legacy;
    SideHealth fresh;
    Side side;
    SideReason reason;
  };
  constexpr auto kUp = SideHealth::healthy;
  constexpr auto kDown = SideHealth::unhealthy;
  const Row row = GENERATE_COPY(
      Row{"drawn for new, new down", 100, kUp, kDown, Side::legacy, SideReason::unhealthy},
      Row{"drawn for new, both down", 100, kDown, kDown, Side::legacy, SideReason::unhealthy},
      Row{"drawn for new, legacy down", 100, kDown, kUp, Side::fresh, SideReason::weight},
      Row{"drawn for legacy, new down", 0, kUp, kDown, Side::legacy, SideReason::weight},
      Row{"drawn for legacy, both down", 0, kDown, kDown, Side::legacy, SideReason::weight},
      Row{"nothing for new, legacy down", 0, kDown, kUp, Side::legacy, SideReason::weight});
  CAPTURE(row.what);
  Scene scene;
  scene.at(row.weight);
  scene.terms.legacy = row.legacy;
  scene.terms.fresh = row.fresh;
  const SideChoice choice = scene.choose();
  CHECK(choice.side == row.side);
  CHECK(choice.reason == row.reason);
}

TEST_CASE("new takes over for an unhealthy legacy if it takes part at all", "[side_choice]") {
  Scene scene;
  scene.terms.legacy = SideHealth::unhealthy;
  scene.assign_all(Side::legacy);
  scene.at(0.01);
  CHECK(scene.choose().side == Side::fresh);
  CHECK(scene.choose().reason == SideReason::unhealthy);
  scene.at(0);
  CHECK(scene.choose().side == Side::legacy);
  CHECK(scene.choose().reason == SideReason::assign);
}

TEST_CASE("who asked for a side or was taken off new keeps it, healthy or not", "[side_choice]") {
  Scene scene;
  SECTION("override") {
    scene.override_with("new");
    scene.terms.fresh = SideHealth::unhealthy;
    CHECK(scene.choose().side == Side::fresh);
    CHECK(scene.choose().reason == SideReason::override_);
  }
  SECTION("rollback") {
    scene.terms.lane = LaneState::latched;
    scene.terms.legacy = SideHealth::unhealthy;
    CHECK(scene.choose().side == Side::legacy);
    CHECK(scene.choose().reason == SideReason::rollback);
  }
}

TEST_CASE("a sticky request carries its key and is entered by it", "[side_choice]") {
  Scene scene;
  scene.stick({{Kind::client_ip, ""}});
  const SideChoice choice = scene.choose();
  CHECK(choice.side == Side::fresh);
  CHECK(choice.reason == SideReason::sticky);
  CHECK(choice.counting == Counting::full);
  CHECK(choice.key.has_value());
  CHECK_FALSE(choice.generated_key);
  CHECK(scene.epoch.admitted == 1);
  CHECK(scene.epoch.keyless == 0);
}

TEST_CASE("a sticky key that the ramp has not reached waits on legacy", "[side_choice]") {
  Scene scene;
  scene.stick({{Kind::client_ip, ""}});
  scene.terms.sticky_threshold = 0;
  const SideChoice choice = scene.choose();
  CHECK(choice.side == Side::legacy);
  CHECK(choice.reason == SideReason::slow_start);
  CHECK(choice.counting == Counting::nobody);
  CHECK(scene.entered() == 0);
}

TEST_CASE("without a key a sticky route draws by weight", "[side_choice]") {
  Scene scene;
  scene.stick({{Kind::header, "X-Account"}});
  const SideChoice choice = scene.choose();
  CHECK(choice.reason == SideReason::weight);
  CHECK_FALSE(choice.key);
  CHECK(scene.epoch.keyless == 1);
}

TEST_CASE("a generated key is used from the first request on", "[side_choice]") {
  Scene scene;
  scene.stick({{Kind::generated, ""}});
  scene.at(50);
  int fresh = 0;
  for (int user = 0; user < 2'000; ++user) {
    scene.headers = {};
    const SideChoice first = scene.choose();
    REQUIRE(first.generated_key);
    REQUIRE(first.reason == SideReason::sticky);
    scene.headers = {{"Cookie", "ficus_key=" + std::string(first.generated_key->text())}};
    const SideChoice second = scene.choose();
    REQUIRE(second.side == first.side);
    REQUIRE(second.key == first.key);
    REQUIRE_FALSE(second.generated_key);
    if (first.side == Side::fresh) ++fresh;
  }
  CHECK(std::abs(fresh - 1'000) < 120);
}

LaneChange without_slow_start(config::Weight weight) {
  LaneChange change;
  change.weight = weight;
  change.guard.slow_start = false;
  change.now = std::chrono::steady_clock::now();
  return change;
}

// A route as a snapshot holds it, with the real lane and epoch.
struct RealRoute {
  Backend legacy;
  Backend fresh;
  Route route;

  explicit RealRoute(config::Weight weight) {
    const auto endpoint = std::make_shared<EndpointState>(
        0, "127.0.0.1:1", SocketAddress::parse("127.0.0.1", 1).value(), 1);
    legacy.endpoints = {Endpoint{endpoint, true}};
    fresh.endpoints = {Endpoint{endpoint, true}};
    route.legacy = &legacy;
    route.fresh = &fresh;
    route.weight = weight;
    route.state = std::make_shared<RouteState>("shop", 1);
    route.state->lane = std::make_unique<FastLane>("shop", 1, nullptr);
    route.epoch = route.state->lane->change(without_slow_start(weight));
  }

  SideChoice choose(Random& random) {
    const FakeHeaders nothing;
    SideRequest request;
    request.view = request_with(nothing);
    request.client = client_at("10.1.1.1");
    return choose_side(route, request, 0, random);
  }
};

TEST_CASE("a route of a snapshot splits exactly and enters its epoch", "[side_choice]") {
  RealRoute real(percent(5));
  Random random(2);
  std::uint64_t fresh = 0;
  for (int i = 0; i < 10'000; ++i) {
    const SideChoice choice = real.choose(random);
    REQUIRE(choice.counting == Counting::full);
    if (choice.side == Side::fresh) ++fresh;
  }
  CHECK(fresh >= 499);
  CHECK(fresh <= 501);
  CHECK(real.route.epoch->sums().new_assigned == fresh);
}

TEST_CASE("a latch is obeyed by the next request", "[side_choice]") {
  RealRoute real(percent(100));
  Random random(2);
  CHECK(real.choose(random).side == Side::fresh);
  real.route.state->lane->latch(std::chrono::steady_clock::now());
  CHECK(real.choose(random).side == Side::legacy);
  CHECK(real.choose(random).reason == SideReason::rollback);
}

TEST_CASE("a backend without healthy endpoints is an unhealthy side", "[side_choice]") {
  RealRoute real(percent(100));
  Random random(2);
  real.fresh.endpoints.front().healthy = false;
  CHECK(real.choose(random).reason == SideReason::unhealthy);
  real.route.fresh = nullptr;
  CHECK(real.choose(random).reason == SideReason::only_side);
}

}  // namespace
}  // namespace ficus::proxy
