#include "proxy/guard/fast_lane.h"

#include <chrono>
#include <cmath>

#include "tests/support/catch.h"
#include "tests/unit/proxy/guard/lane_fixture.h"

namespace ficus::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE_METHOD(LaneFixture, "takes a broken side off with the third failure at the first stage") {
  weigh(5);
  CHECK(fail_until_verdict() == 3);
  CHECK(lane.state() == LaneState::latched);
  CHECK(epoch->closed());
  REQUIRE(lane.tripped_at());
  CHECK(*lane.tripped_at() == trips[0].at);
}

TEST_CASE_METHOD(LaneFixture, "tells the numbers behind its verdict") {
  weigh(5);
  fail_until_verdict();
  REQUIRE(trips.size() == 1);
  const Trip& trip = trips[0];
  CHECK(trip.route == "catalog");
  CHECK(trip.verdict == Verdict::rollback);
  CHECK(trip.cause == "absolute");
  CHECK_FALSE(trip.would_roll_back);
  CHECK(trip.evidence.wealth >= 500);
  CHECK(trip.evidence.threshold == 500);
  CHECK(trip.evidence.tau == Approx(0.05));
  CHECK(trip.evidence.weight.percent() == 5);
  CHECK(trip.evidence.stage == 1);
  CHECK(trip.evidence.epoch.new_assigned == 3);
  CHECK(trip.evidence.epoch.new_failure == 3);
  CHECK(trip.evidence.failing_clients == 3);
  CHECK(trip.evidence.state == LaneState::latched);
  REQUIRE(trip.last.size() == 3);
  CHECK(trip.first[0].path == "/catalog/1");
  CHECK(trip.first[0].endpoint == "10.0.0.5:9001");
  CHECK(trip.epoch_age > milliseconds(0));
}

TEST_CASE_METHOD(LaneFixture, "says nothing more once it has taken the side off") {
  weigh(5);
  fail_until_verdict();
  for (int i = 0; i < 10; ++i) lane.new_failure(*epoch, failed(9), 0);
  CHECK(trips.size() == 1);
}

TEST_CASE_METHOD(LaneFixture, "applies what every worker has assigned before it judges a failure") {
  guard.slow_start = false;
  weigh(50);
  fail(1);
  fail(2);
  // The third failure would convince, but another worker has 40 requests out.
  for (int i = 0; i < 40; ++i) CHECK(epoch->admit_new(1));
  fail(3);
  CHECK(trips.empty());
  CHECK(lane.evidence().wealth < 20);
}

TEST_CASE_METHOD(LaneFixture,
                 "failures of requests sent under an earlier weight count for nobody") {
  guard.slow_start = false;
  const auto old = weigh(50);
  for (int i = 0; i < 20; ++i) CHECK(old->admit_new(0));
  FailedExchange late = failed(1);
  weigh(5);
  for (std::uint64_t client = 0; client < 20; ++client) {
    advance(milliseconds(10));
    late.now = now;
    late.client = client;
    lane.new_failure(*old, late, 0);
  }
  CHECK(trips.empty());
  CHECK(lane.evidence().counted_failures == 0);
  CHECK(lane.evidence().epoch.new_failure == 0);
}

TEST_CASE_METHOD(LaneFixture, "carries its wealth over a change of weight") {
  guard.slow_start = false;
  weigh(50);
  fail(1);
  fail(2);
  const double before = lane.evidence().wealth;
  weigh(40);
  CHECK(lane.evidence().wealth == Approx(before));
  CHECK(lane.evidence().stage == 1);
  fail(3);
  CHECK(lane.state() == LaneState::latched);
}

TEST_CASE_METHOD(LaneFixture, "enters a stage only above the highest weight so far") {
  weigh(5);
  CHECK(lane.evidence().stage == 1);
  CHECK(lane.evidence().wealth == Approx(0.25));
  weigh(1);
  weigh(5);
  CHECK(lane.evidence().stage == 1);
  weigh(6);
  CHECK(lane.evidence().stage == 2);
  CHECK(lane.evidence().wealth == Approx(0.25 + 0.5 / 6));
}

TEST_CASE_METHOD(LaneFixture, "a worker whose clock lags at the opening of an epoch is judged") {
  weigh(5);
  for (std::uint64_t client = 1; client <= 3; ++client) {
    FailedExchange failure = failed(client);
    failure.assigned_at = epoch->terms().opened - milliseconds(5);
    REQUIRE(epoch->admit_new(0));
    advance(milliseconds(1));
    lane.new_failure(*epoch, failure, 0);
  }
  CHECK(lane.state() == LaneState::latched);
}

TEST_CASE_METHOD(LaneFixture, "forgives twice legacy's rate, as it was at the stage's entry") {
  guard.slow_start = false;
  weigh(0);
  for (int i = 0; i < 1000; ++i) {
    if (i % 10 == 0) {
      epoch->legacy_failure(0);
    } else {
      epoch->legacy_success(1);
    }
  }
  CHECK_FALSE(lane.evidence().legacy_rate);
  weigh(5);
  CHECK(lane.evidence().tau == Approx(0.2));
  CHECK(lane.legacy_rate().value() == Approx(0.1));
  for (int i = 0; i < 100'000; ++i) epoch->legacy_success(1);
  weigh(3);
  CHECK(lane.evidence().tau == Approx(0.2));
  weigh(10);
  CHECK(lane.evidence().tau == Approx(0.05));
}

TEST_CASE_METHOD(LaneFixture, "believes the stored rate while it knows too little of legacy") {
  LaneChange change = to(5);
  change.stored_legacy_rate = 0.08;
  lane.change(change);
  CHECK(lane.evidence().tau == Approx(0.16));
}

TEST_CASE_METHOD(LaneFixture, "a rise lets five in and a lowered weight does not end slow start") {
  weigh(50);
  for (int i = 0; i < 5; ++i) CHECK(epoch->admit_new(0));
  CHECK_FALSE(epoch->admit_new(1));
  weigh(40);
  CHECK(epoch->slow_starting());
  weigh(0);
  CHECK_FALSE(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "slow start ends, and with it the shared count") {
  weigh(50);
  for (int i = 0; i < 1200; ++i) succeed(1);
  pass(seconds(5));
  CHECK(epoch->slow_starting());
  pass(seconds(6));
  CHECK_FALSE(epoch->slow_starting());
  const std::int32_t tokens = epoch->tokens();
  succeed(1);
  CHECK(epoch->tokens() == tokens);
  weigh(40);
  CHECK_FALSE(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "a sticky rise moves keys step by step and none back") {
  sticky = true;
  guard.slow_start = false;
  weigh(10);
  guard.slow_start = true;
  weigh(50);
  std::uint64_t before = sticky_threshold(config::Weight::from_percent(10).value());
  CHECK(epoch->sticky_threshold_now() > before);
  for (int second = 0; second < 61; ++second) {
    pass(seconds(1));
    CHECK(epoch->sticky_threshold_now() >= before);
    before = epoch->sticky_threshold_now();
  }
  CHECK_FALSE(epoch->slow_starting());
  CHECK(epoch->sticky_threshold_now() == kHashScale / 2);
}

TEST_CASE_METHOD(LaneFixture, "a sticky rise during a ramp goes on from where the ramp is") {
  sticky = true;
  weigh(10);
  pass(seconds(25));
  const std::uint64_t reached = epoch->sticky_threshold_now();
  CHECK(reached < sticky_threshold(config::Weight::from_percent(10).value()));
  weigh(50);
  CHECK(epoch->sticky_threshold_now() >= reached);
  CHECK(epoch->sticky_threshold_now() < kHashScale / 10);
  const std::uint64_t again = epoch->sticky_threshold_now();
  weigh(20);
  CHECK(epoch->sticky_threshold_now() >= again);
}

TEST_CASE_METHOD(LaneFixture, "a new build has to prove itself, and the wealth is kept") {
  weigh(50);
  for (int i = 0; i < 2000; ++i) succeed(1);
  pass(seconds(12));
  REQUIRE_FALSE(epoch->slow_starting());
  fail(1);
  fail(2);
  const Evidence before = lane.evidence();
  const auto old = epoch;

  deploy(50);
  CHECK(epoch != old);
  CHECK(old->closed());
  CHECK(epoch->slow_starting());
  CHECK(epoch->tokens() == 5);
  const Evidence after = lane.evidence();
  CHECK(after.stage == before.stage);
  CHECK(after.wealth == Approx(before.wealth));
  CHECK(after.counted_failures == before.counted_failures);
  CHECK(after.weight == before.weight);
  CHECK(after.epoch.new_assigned == 0);
  CHECK(lane.state() == LaneState::open);
  weigh(40);  // the next change of weight goes on with it
  CHECK(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "what was on its way to the build before counts for nobody") {
  guard.slow_start = false;
  const auto old = weigh(50);
  for (int i = 0; i < 20; ++i) CHECK(old->admit_new(0));
  FailedExchange late = failed(1);
  deploy(50);
  CHECK_FALSE(epoch->slow_starting());
  for (std::uint64_t client = 0; client < 20; ++client) {
    late.client = client;
    lane.new_failure(*old, late, 0);
  }
  CHECK(trips.empty());
  CHECK(lane.evidence().counted_failures == 0);
}

TEST_CASE_METHOD(LaneFixture, "a new build takes no sticky key from the new side") {
  sticky = true;
  expected_keys = 1000;
  weigh(50);
  pass(minutes(2));
  REQUIRE_FALSE(epoch->slow_starting());
  const std::uint64_t threshold = epoch->sticky_threshold_now();
  const auto old = epoch;
  deploy(50);
  CHECK(epoch != old);
  CHECK(old->closed());
  CHECK(epoch->sticky_threshold_now() == threshold);
  CHECK_FALSE(epoch->slow_starting());

  SECTION("not in the middle of a rise either") {
    weigh(100);
    const std::uint64_t reached = epoch->sticky_threshold_now();
    deploy(100);
    CHECK(epoch->slow_starting());
    CHECK(epoch->sticky_threshold_now() >= reached);
  }
}

TEST_CASE_METHOD(LaneFixture,
                 "a new build of a side without traffic, or latched, changes nothing") {
  weigh(0);
  deploy(0);
  CHECK_FALSE(epoch->slow_starting());
  weigh(5);
  fail_until_verdict();
  weigh(0);
  deploy(0);
  CHECK(lane.state() == LaneState::latched);
  CHECK_FALSE(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "observing holds nothing back from a new build") {
  guard.mode = config::GuardMode::observe;
  weigh(50);
  deploy(50);
  CHECK_FALSE(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "an operator's latch holds until rearm, which begins a new budget") {
  weigh(50);
  fail(1);
  CHECK(lane.latch(now));
  CHECK_FALSE(lane.latch(now));
  CHECK(lane.state() == LaneState::latched);
  CHECK(lane.tripped_at());
  weigh(0);
  CHECK(lane.state() == LaneState::latched);
  lane.lift_retreat();
  CHECK(lane.state() == LaneState::latched);
  epoch = lane.rearm(to(0));
  CHECK(lane.state() == LaneState::open);
  CHECK_FALSE(lane.tripped_at());
  CHECK(lane.evidence().wealth == 0);
  CHECK(lane.evidence().counted_failures == 0);
  weigh(5);
  CHECK(lane.evidence().stage == 1);
  CHECK(lane.evidence().wealth == Approx(0.25));
  CHECK(epoch->slow_starting());
}

TEST_CASE_METHOD(LaneFixture, "what was sent before rearm counts for nobody after it") {
  guard.slow_start = false;
  const auto old = weigh(50);
  for (int i = 0; i < 10; ++i) CHECK(old->admit_new(0));
  const FailedExchange failure = failed(1);
  fail_until_verdict(100);
  epoch = lane.rearm(to(0));
  for (int i = 0; i < 10; ++i) lane.new_failure(*old, failure, 0);
  CHECK(lane.state() == LaneState::open);
  CHECK(lane.evidence().counted_failures == 0);
}

TEST_CASE_METHOD(LaneFixture, "observing reports once, changes nothing and holds nothing back") {
  guard.mode = config::GuardMode::observe;
  weigh(50);
  CHECK_FALSE(epoch->slow_starting());
  CHECK(fail_until_verdict() == 3);
  CHECK(trips[0].would_roll_back);
  CHECK(lane.state() == LaneState::open);
  CHECK_FALSE(epoch->closed());
  CHECK_FALSE(lane.tripped_at());
  CHECK_FALSE(lane.evidence().armed);
  for (std::uint64_t client = 0; client < 50; ++client) fail(client);
  CHECK(trips.size() == 1);

  SECTION("again when the evidence had vanished in between") {
    for (int i = 0; i < 2000; ++i) succeed(1);
    pass(milliseconds(200));
    CHECK(lane.evidence().wealth < 1);
    CHECK(fail_until_verdict() < 20);
  }
  SECTION("again in the next stage, from a new budget") {
    weigh(60);
    CHECK(lane.evidence().wealth == Approx(0.25));
    CHECK(fail_until_verdict() == 3);
  }
}

TEST_CASE_METHOD(LaneFixture, "switched off it neither judges nor holds back") {
  guard.mode = config::GuardMode::off;
  weigh(50);
  for (std::uint64_t client = 0; client < 50; ++client) fail(client);
  CHECK(trips.empty());
  CHECK(lane.state() == LaneState::open);
  CHECK(lane.evidence().epoch.new_failure == 50);
  CHECK_FALSE(lane.evidence().armed);
}

TEST_CASE_METHOD(LaneFixture, "the plain window judges in place of the evidence") {
  guard.judge = config::PlainWindow{seconds(30), 20};
  guard.slow_start = false;
  weigh(50);
  for (std::uint64_t client = 0; client < 10; ++client) fail(client);
  CHECK(trips.empty());  // ten of ten failed, but twenty are asked for
  CHECK(lane.evidence().held() == 0);
  for (int i = 0; i < 190; ++i) succeed(1);
  CHECK(lane.evidence().held() == Approx(1));  // 10 of 200 is just what 5 % forgives
  fail(1);
  CHECK(trips.size() == 1);
  CHECK(trips[0].cause == "plain_window");
  CHECK(trips[0].evidence.window_outcomes == 201);
  CHECK(trips[0].evidence.window_failures == 11);
  CHECK(trips[0].evidence.held() > 1);
}

TEST_CASE_METHOD(LaneFixture, "the plain window forgets what is older than it") {
  guard.judge = config::PlainWindow{seconds(30), 20};
  guard.slow_start = false;
  weigh(50);
  for (std::uint64_t client = 0; client < 10; ++client) fail(client);
  pass(seconds(32));
  for (int i = 0; i < 100; ++i) succeed(1);
  fail(1);
  CHECK(trips.empty());
}

}  // namespace
}  // namespace ficus::proxy
