#include "control/change/route_table.h"

#include "tests/support/catch.h"

namespace ficus::control {
namespace {

using config::Weight;
using std::chrono::minutes;

Weight percent(double value) { return *Weight::from_percent(value); }

RouteTable::Moment moment(std::uint64_t version, minutes later = minutes{0}) {
  return {Clock::Monotonic{} + later, Clock::Wall{} + later, version};
}

config::Config config_with(double weight) {
  config::Config config;
  config::Route route;
  route.name = "shop";
  route.legacy = "old";
  route.fresh = "new";
  route.weight = percent(weight);
  config.routes.push_back(route);
  return config;
}

RouteTable table_with(double weight) {
  return RouteTable{}.reloaded(config_with(weight), moment(1));
}

WeightChange change(Verb verb, double weight = 0) {
  WeightChange result;
  result.route = "shop";
  result.verb = verb;
  result.weight = percent(weight);
  result.actor = "operator";
  result.reason = "a test";
  result.cause = "operator";
  return result;
}

RouteTable after(const RouteTable& table, const WeightChange& wish, std::uint64_t version = 2) {
  auto result = table.propose(wish, moment(version));
  REQUIRE(result.has_value());
  return *result;
}

const RouteEntry& shop(const RouteTable& table) {
  const RouteEntry* entry = table.find("shop");
  REQUIRE(entry != nullptr);
  return *entry;
}

}  // namespace

TEST_CASE("a route begins with the share of the file") {
  const RouteTable table = table_with(5);
  CHECK(shop(table).effective() == percent(5));
  CHECK(shop(table).origin() == Origin::file);
  CHECK(shop(table).version == 1);
}

TEST_CASE("a runtime weight overrides the file until it is given back") {
  const RouteTable set = after(table_with(5), change(Verb::set_weight, 20));
  CHECK(shop(set).effective() == percent(20));
  CHECK(shop(set).origin() == Origin::override_);
  CHECK(shop(set).pending_file() == percent(5));
  CHECK(shop(set).version == 2);

  const RouteTable back = after(set, change(Verb::use_file), 3);
  CHECK(shop(back).effective() == percent(5));
  CHECK(shop(back).origin() == Origin::file);
  CHECK_FALSE(shop(back).pending_file());
}

TEST_CASE("weight 0 stops new requests to new and does not latch") {
  const RouteTable zero = after(table_with(5), change(Verb::set_weight, 0));
  CHECK(shop(zero).effective() == Weight{});
  CHECK_FALSE(shop(zero).latch);
  CHECK(shop(after(zero, change(Verb::set_weight, 10), 3)).effective() == percent(10));
}

TEST_CASE("an override ends by itself when its time is over") {
  WeightChange timed = change(Verb::set_weight, 20);
  timed.hold_for = minutes(30);
  const RouteTable set = after(table_with(5), timed);
  CHECK_FALSE(set.expired(moment(3, minutes(29))));
  const auto ended = set.expired(moment(3, minutes(30)));
  REQUIRE(ended);
  CHECK(shop(*ended).effective() == percent(5));
  CHECK(shop(*ended).version == 3);
}

TEST_CASE("a rolled back route is latched on legacy") {
  const RouteTable stopped = after(table_with(50), change(Verb::rollback));
  CHECK(shop(stopped).effective() == Weight{});
  CHECK(shop(stopped).origin() == Origin::latch);
  REQUIRE(shop(stopped).latch);
  CHECK(shop(stopped).latch->weight_before == percent(50));

  SECTION("a rise is refused and names the command that helps") {
    const auto refused = stopped.propose(change(Verb::set_weight, 1), moment(3));
    REQUIRE(refused.has_error());
    CHECK(refused.error().status == 409);
    CHECK(refused.error().mend.find("ficus rearm shop") != std::string::npos);
  }
  SECTION("giving the weight back to a file above 0 is refused too") {
    const auto refused = stopped.propose(change(Verb::use_file), moment(3));
    REQUIRE(refused.has_error());
    CHECK(refused.error().status == 409);
  }
  SECTION("weight 0 is not refused and stays latched") {
    const RouteTable zero = after(stopped, change(Verb::set_weight, 0), 3);
    CHECK(shop(zero).latch);
  }
  SECTION("a second rollback keeps what the first one said") {
    WeightChange again = change(Verb::rollback);
    again.reason = "once more";
    CHECK(shop(after(stopped, again, 3)).latch->reason == "a test");
  }
  SECTION("rearm lifts the latch only: the weight is 0 until the next one") {
    const RouteTable armed = after(stopped, change(Verb::rearm), 3);
    CHECK_FALSE(shop(armed).latch);
    CHECK(shop(armed).effective() == Weight{});
    CHECK(shop(armed).pending_file() == percent(50));
    CHECK(shop(after(armed, change(Verb::set_weight, 1), 4)).effective() == percent(1));
    CHECK(shop(after(armed, change(Verb::use_file), 4)).effective() == percent(50));
  }
  SECTION("no reload brings the new side back") {
    const RouteTable loaded = stopped.reloaded(config_with(100), moment(3));
    CHECK(shop(loaded).effective() == Weight{});
    CHECK(shop(loaded).latch);
  }
  SECTION("leaving the file and coming back does not lift the latch") {
    const RouteTable gone = stopped.reloaded(config::Config{}, moment(3));
    CHECK(gone.find("shop") == nullptr);
    CHECK(shop(gone.reloaded(config_with(50), moment(4))).latch);
  }
}

TEST_CASE("rearm of a route that is not latched is a conflict") {
  const auto refused = table_with(5).propose(change(Verb::rearm), moment(2));
  REQUIRE(refused.has_error());
  CHECK(refused.error().status == 409);
}

TEST_CASE("a retreat takes the share to 0 until the next weight") {
  const RouteTable away = after(table_with(5), change(Verb::retreat));
  CHECK(shop(away).effective() == Weight{});
  CHECK(shop(away).origin() == Origin::retreat);
  CHECK(shop(after(away, change(Verb::set_weight, 0), 3)).retreat);
  const RouteTable back = after(away, change(Verb::set_weight, 1), 3);
  CHECK(shop(back).effective() == percent(1));
  CHECK_FALSE(shop(back).retreat);
}

TEST_CASE("a reload changes the share where no override hides it") {
  CHECK(shop(table_with(5).reloaded(config_with(10), moment(2))).effective() == percent(10));
  CHECK(shop(table_with(5).reloaded(config_with(10), moment(2))).version == 2);
  CHECK(shop(table_with(5).reloaded(config_with(5), moment(2))).version == 1);
}

TEST_CASE("a reload and an override") {
  const RouteTable set = after(table_with(5), change(Verb::set_weight, 20));
  SECTION("a changed file below the override wins at once and ends it") {
    const RouteTable loaded = set.reloaded(config_with(10), moment(3));
    CHECK(shop(loaded).effective() == percent(10));
    CHECK(shop(loaded).origin() == Origin::file);
  }
  SECTION("a file above the override stays pending and is named") {
    const RouteTable loaded = set.reloaded(config_with(50), moment(3));
    CHECK(shop(loaded).effective() == percent(20));
    CHECK(shop(loaded).pending_file() == percent(50));
  }
  SECTION("a file that did not change leaves the override") {
    CHECK(shop(set.reloaded(config_with(5), moment(3))).effective() == percent(20));
  }
  SECTION("a file that says the same leaves it, so that a rise of the file does not get past it") {
    const RouteTable same = set.reloaded(config_with(20), moment(3));
    CHECK(shop(same).origin() == Origin::override_);
    CHECK_FALSE(shop(same).pending_file());
    CHECK(shop(same.reloaded(config_with(100), moment(4))).effective() == percent(20));
  }
  SECTION("weight 0 holds whatever the file says afterwards") {
    const RouteTable zero = after(table_with(5), change(Verb::set_weight, 0));
    const RouteTable lowered = zero.reloaded(config_with(0), moment(3));
    CHECK(shop(lowered.reloaded(config_with(100), moment(4))).effective() == Weight{});
  }
}

TEST_CASE("a stale version stops a rise but never a move towards legacy") {
  const RouteTable set = after(table_with(5), change(Verb::set_weight, 20));
  WeightChange stale = change(Verb::set_weight, 30);
  stale.expected_version = 1;
  const auto refused = set.propose(stale, moment(3));
  REQUIRE(refused.has_error());
  CHECK(refused.error().status == 412);

  stale.weight = percent(1);
  CHECK(set.propose(stale, moment(3)).has_value());
  WeightChange rollback = change(Verb::rollback);
  rollback.expected_version = 1;
  CHECK(set.propose(rollback, moment(3)).has_value());

  stale.weight = percent(30);
  stale.expected_version = 2;
  CHECK(set.propose(stale, moment(3)).has_value());
}

TEST_CASE("an unknown route is not found, a route with one side has nothing to shift") {
  WeightChange unknown = change(Verb::set_weight, 1);
  unknown.route = "shoo";
  CHECK(table_with(5).propose(unknown, moment(2)).error().status == 404);

  config::Config config = config_with(5);
  config.routes[0].fresh.reset();
  const RouteTable table = RouteTable{}.reloaded(config, moment(1));
  CHECK(table.propose(change(Verb::set_weight, 1), moment(2)).error().status == 409);
}

}  // namespace ficus::control
