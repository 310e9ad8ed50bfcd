#include "control/change/change_pipeline.h"

#include "tests/support/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/control/fake_sink.h"

namespace ficus::control {
namespace {

using config::Weight;

struct Fixture {
  ManualClock clock;
  FakeSink sink{2};
  RouteRegistry registry{2, nullptr};
  bool new_healthy = true;
  ChangePipeline pipeline{
      {clock, sink, registry, [this](const std::string& backend, const proxy::EndpointState&) {
         return backend != "new" || new_healthy;
       }}};
  std::vector<Result<ChangePipeline::Receipt>> answers;

  Fixture() { load(5); }

  void load(double weight) {
    pipeline.load(shop_config(weight), [](const auto&) {});
  }

  void submit(Verb verb, double percent = 0) {
    WeightChange change;
    change.route = "shop";
    change.verb = verb;
    change.weight = *Weight::from_percent(percent);
    change.actor = "operator";
    change.reason = "a test";
    pipeline.submit(change, [this](const auto& receipt) { answers.push_back(receipt); });
  }

  const proxy::Route& route() const { return pipeline.snapshot()->routes[0]; }
};

}  // namespace

TEST_CASE("a change is published and answered when every worker routes by it") {
  Fixture fixture;
  fixture.sink.lagging = 1;
  fixture.submit(Verb::set_weight, 20);
  CHECK(fixture.answers.empty());
  CHECK(fixture.sink.published.back()->routes[0].weight == *Weight::from_percent(20));

  fixture.sink.catch_up();
  fixture.pipeline.confirm();
  REQUIRE(fixture.answers.size() == 1);
  REQUIRE(fixture.answers[0].has_value());
  CHECK(fixture.answers[0]->applied == 2);
  CHECK(fixture.answers[0]->version == fixture.sink.published.back()->version);
  CHECK_FALSE(fixture.pipeline.waiting());
}

TEST_CASE("a worker that does not confirm in two seconds is named by the count") {
  Fixture fixture;
  fixture.sink.lagging = 1;
  fixture.submit(Verb::set_weight, 20);
  fixture.clock.advance(std::chrono::milliseconds(1'999));
  fixture.pipeline.confirm();
  CHECK(fixture.answers.empty());
  fixture.clock.advance(std::chrono::milliseconds(1));
  fixture.pipeline.confirm();
  REQUIRE(fixture.answers.size() == 1);
  CHECK(fixture.answers[0]->applied == 1);
  CHECK(fixture.answers[0]->workers == 2);
}

TEST_CASE("a refused change publishes nothing") {
  Fixture fixture;
  const std::size_t published = fixture.sink.published.size();
  fixture.submit(Verb::rearm);
  REQUIRE(fixture.answers.size() == 1);
  CHECK(fixture.answers[0].error().status == 409);
  CHECK(fixture.sink.published.size() == published);
}

TEST_CASE("a rollback latches the lane before the snapshot is built") {
  Fixture fixture;
  fixture.submit(Verb::rollback);
  CHECK(fixture.registry.lane("shop")->state() == proxy::LaneState::latched);
  CHECK(fixture.route().weight == Weight{});

  SECTION("a reload leaves it so") {
    fixture.load(50);
    CHECK(fixture.registry.lane("shop")->state() == proxy::LaneState::latched);
    CHECK(fixture.route().weight == Weight{});
  }
  SECTION("rearm opens the lane at weight 0") {
    fixture.submit(Verb::rearm);
    REQUIRE(fixture.answers.back().has_value());
    CHECK(fixture.registry.lane("shop")->state() == proxy::LaneState::open);
    CHECK(fixture.route().weight == Weight{});
    fixture.submit(Verb::set_weight, 1);
    CHECK(fixture.route().weight == *Weight::from_percent(1));
  }
  SECTION("rearm waits until no worker routes by the share before") {
    fixture.sink.lagging = 1;
    fixture.pipeline.refresh_health();
    fixture.submit(Verb::rearm);
    CHECK(fixture.answers.back().error().status == 409);
    CHECK(fixture.registry.lane("shop")->state() == proxy::LaneState::latched);
  }
}

TEST_CASE("an epoch goes on while neither weight nor guard change") {
  Fixture fixture;
  const auto epoch = fixture.route().epoch;
  fixture.load(5);
  CHECK(fixture.route().epoch == epoch);
  fixture.pipeline.refresh_health();
  CHECK(fixture.route().epoch == epoch);
  fixture.submit(Verb::set_weight, 6);
  CHECK(fixture.route().epoch != epoch);
}

TEST_CASE("states of routes and endpoints outlive snapshots") {
  Fixture fixture;
  const auto first = fixture.pipeline.snapshot();
  fixture.load(7);
  const auto second = fixture.pipeline.snapshot();
  CHECK(first->routes[0].state == second->routes[0].state);
  CHECK(first->backends[0]->endpoints[0].state == second->backends[0]->endpoints[0].state);
  CHECK(first->backends[0]->endpoints[0].state->slot !=
        first->backends[1]->endpoints[0].state->slot);
}

TEST_CASE("an override ends on time") {
  Fixture fixture;
  WeightChange change;
  change.route = "shop";
  change.weight = *Weight::from_percent(50);
  change.hold_for = std::chrono::minutes(30);
  fixture.pipeline.submit(change, [](const auto&) {});
  fixture.clock.advance(std::chrono::minutes(29));
  fixture.pipeline.expire_overrides();
  CHECK(fixture.route().weight == *Weight::from_percent(50));
  fixture.clock.advance(std::chrono::minutes(1));
  fixture.pipeline.expire_overrides();
  CHECK(fixture.route().weight == *Weight::from_percent(5));
}

TEST_CASE("an unhealthy endpoint is so in the next snapshot") {
  Fixture fixture;
  CHECK(fixture.route().fresh->usable());
  fixture.new_healthy = false;
  fixture.pipeline.refresh_health();
  CHECK_FALSE(fixture.route().fresh->usable());
  CHECK(fixture.route().legacy->usable());
}

TEST_CASE("a fresh build begins another epoch on the routes to it, and on no other") {
  Fixture fixture;
  config::Route other;
  other.name = "other";
  other.match.path_prefix = "/other";
  other.legacy = "old";
  other.fresh = "old";
  const auto with_build = [&other](std::optional<std::string> header) {
    auto resolved = std::make_shared<ResolvedConfig>(*shop_config(5));
    resolved->config.backends[1].build_header = std::move(header);
    resolved->config.routes.push_back(other);
    return resolved;
  };
  const auto ignore = [](const auto&) {};
  CHECK(fixture.pipeline.load(with_build("X-Build"), ignore).empty());
  const auto epoch = fixture.route().epoch;
  const auto others = fixture.pipeline.snapshot()->routes[1].epoch;
  const auto watch = fixture.route().fresh->build_watch;
  REQUIRE(watch);
  CHECK(fixture.route().legacy->build_watch == nullptr);

  std::size_t published = fixture.sink.published.size();
  const auto first = fixture.pipeline.take_in({"new", "X-Build", "a"});
  REQUIRE(first);
  CHECK(first->finding == BuildHistory::Finding::first);
  CHECK(fixture.sink.published.size() == published);
  CHECK(fixture.route().epoch == epoch);

  const auto fresh = fixture.pipeline.take_in({"new", "X-Build", "b"});
  REQUIRE(fresh);
  CHECK(fresh->finding == BuildHistory::Finding::fresh);
  CHECK(fixture.sink.published.size() == ++published);
  const auto anew = fixture.route().epoch;
  CHECK(anew != epoch);
  CHECK(epoch->closed());
  CHECK(fixture.route().weight == *Weight::from_percent(5));
  CHECK(fixture.registry.lane("shop")->evidence().stage == 1);
  CHECK(fixture.pipeline.snapshot()->routes[1].epoch == others);

  CHECK_FALSE(fixture.pipeline.take_in({"new", "X-Build", "a"}));
  CHECK(fixture.sink.published.size() == published);

  // A reload, and the end of the key, leave the epoch alone.
  fixture.pipeline.load(with_build("X-Build"), ignore);
  CHECK(fixture.route().fresh->build_watch == watch);
  fixture.pipeline.load(with_build(std::nullopt), ignore);
  CHECK(fixture.route().fresh->build_watch == nullptr);
  CHECK(fixture.route().epoch == anew);
}

TEST_CASE("a build that the configuration says is fresh begins another epoch, latched or not") {
  Fixture fixture;
  const auto load = [&fixture](const std::string& build) {
    auto resolved = std::make_shared<ResolvedConfig>(*shop_config(5));
    resolved->config.backends[1].build = build;
    return fixture.pipeline.load(resolved, [](const auto&) {});
  };
  CHECK(load("a").empty());
  const auto epoch = fixture.route().epoch;
  CHECK(load("a").empty());
  CHECK(fixture.route().epoch == epoch);
  REQUIRE(load("b").size() == 1);
  CHECK(fixture.route().epoch != epoch);
  CHECK(fixture.pipeline.builds().current("new") == "b");

  fixture.submit(Verb::rollback);
  load("c");
  CHECK(fixture.registry.lane("shop")->state() == proxy::LaneState::latched);
  CHECK(fixture.route().weight == Weight{});
}

TEST_CASE("another backend as the new side begins another epoch at the same weight") {
  Fixture fixture;
  const auto epoch = fixture.route().epoch;
  auto resolved = std::make_shared<ResolvedConfig>(*shop_config(5));
  resolved->config.routes[0].fresh = "old";
  fixture.pipeline.load(resolved, [](const auto&) {});
  CHECK(fixture.route().epoch != epoch);
  CHECK(epoch->closed());
  CHECK(fixture.route().weight == *Weight::from_percent(5));
}

TEST_CASE("a fresh build leaves an override as it is") {
  Fixture fixture;
  auto resolved = std::make_shared<ResolvedConfig>(*shop_config(5));
  resolved->config.backends[1].build_header = "X-Build";
  fixture.pipeline.load(resolved, [](const auto&) {});
  fixture.submit(Verb::set_weight, 50);
  fixture.pipeline.take_in({"new", "X-Build", "a"});
  fixture.pipeline.take_in({"new", "X-Build", "b"});
  CHECK(fixture.route().weight == *Weight::from_percent(50));
  CHECK(fixture.pipeline.table().find("shop")->override_);
}

}  // namespace ficus::control
