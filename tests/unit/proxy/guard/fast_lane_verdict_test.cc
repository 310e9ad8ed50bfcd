#include <chrono>

#include "proxy/guard/fast_lane.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/guard/lane_fixture.h"

namespace ficus::proxy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE_METHOD(LaneFixture, "one failing client among many makes a retreat") {
  guard.slow_start = false;
  weigh(5);
  for (std::uint64_t client = 1; client <= 5; ++client) note(client);
  for (int i = 0; i < 20 && trips.empty(); ++i) fail(1);
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == Verdict::retreat);
  CHECK(trips[0].evidence.failing_clients == 1);
  CHECK(trips[0].evidence.active_clients == 3);
  CHECK(lane.state() == LaneState::retreated);
}

TEST_CASE_METHOD(LaneFixture, "one failing client is enough where no other is active") {
  weigh(5);
  for (int i = 0; i < 20 && trips.empty(); ++i) fail(1);
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == Verdict::rollback);
}

TEST_CASE_METHOD(LaneFixture, "lifting a retreat begins a new budget and slow start") {
  weigh(50);
  for (std::uint64_t client = 1; client <= 5; ++client) note(client);
  for (int i = 0; i < 20 && trips.empty(); ++i) fail(1);
  REQUIRE(lane.state() == LaneState::retreated);
  SECTION("after the weight went to 0") { weigh(0); }
  SECTION("at once") {}
  CHECK(lane.state() == LaneState::retreated);
  lane.lift_retreat();
  CHECK(lane.state() == LaneState::open);
  CHECK_FALSE(lane.tripped_at());
  weigh(5);
  CHECK(epoch->slow_starting());
  CHECK(lane.evidence().stage == 1);
  CHECK(lane.evidence().wealth == Approx(0.25));
}

class StickyFixture : public LaneFixture {
 public:
  StickyFixture() {
    sticky = true;
    guard.slow_start = false;
  }
};

TEST_CASE_METHOD(StickyFixture, "counts one failure of a key where many keys are expected") {
  expected_keys = 100;
  weigh(10);
  for (int i = 0; i < 50; ++i) fail(7);
  CHECK(lane.evidence().counted_failures == 1);
  CHECK(lane.evidence().failing_keys == 1);
  CHECK(lane.evidence().epoch.new_failure == 50);
  CHECK(trips.empty());
}

TEST_CASE_METHOD(StickyFixture, "a broken user's later failures do not hide those of others") {
  expected_keys = 100;
  weigh(10);
  fail(1);
  fail(2);
  for (int i = 0; i < 50; ++i) fail(1);
  fail(3);
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == Verdict::rollback);
  CHECK(trips[0].evidence.failing_keys == 3);
}

TEST_CASE_METHOD(StickyFixture, "a key counts again after ten minutes and in another stage") {
  expected_keys = 100;
  weigh(10);
  fail(7);
  fail(7);
  CHECK(lane.evidence().counted_failures == 1);
  pass(minutes(10));
  fail(7);
  CHECK(lane.evidence().counted_failures == 2);
  weigh(5);
  fail(7);
  CHECK(lane.evidence().counted_failures == 2);
  for (int i = 0; i < 100; ++i) succeed(8);
  weigh(20);
  fail(7);
  CHECK(lane.evidence().counted_failures == 3);
}

TEST_CASE_METHOD(StickyFixture, "a key counts again at the end of the ramp") {
  guard.slow_start = true;
  expected_keys = 100;
  weigh(10);
  fail(7);
  pass(seconds(30));
  fail(7);
  CHECK(lane.evidence().counted_failures == 1);
  pass(seconds(60));
  CHECK_FALSE(epoch->slow_starting());
  fail(7);
  CHECK(lane.evidence().counted_failures == 2);
}

TEST_CASE_METHOD(StickyFixture, "two broken customers are taken off but not rolled back") {
  expected_keys = 2;
  weigh(100);
  for (std::uint64_t i = 0; i < 30 && trips.empty(); ++i) fail(1 + i % 2);
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == Verdict::retreat);
  CHECK(trips[0].evidence.expected_keys == 2);
  CHECK(trips[0].evidence.failures_per_key == 15);
  CHECK(lane.state() == LaneState::retreated);
}

TEST_CASE_METHOD(StickyFixture, "a rollback needs three failing keys and ten expected ones") {
  struct Case {
    double expected;
    std::uint64_t keys;
    Verdict verdict;
  };
  const Case c = GENERATE(Case{10, 3, Verdict::rollback}, Case{10, 2, Verdict::retreat},
                          Case{9, 5, Verdict::retreat});
  expected_keys = c.expected;
  weigh(100);
  for (std::uint64_t i = 0; i < 30 && trips.empty(); ++i) fail(1 + i % c.keys);
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == c.verdict);
}

TEST_CASE_METHOD(StickyFixture, "expects the weight's share of the keys of the last ten minutes") {
  weigh(0);
  for (std::uint64_t key = 0; key < 200; ++key) note(key * 0x9e3779b97f4a7c15u);
  pass(minutes(5));
  for (std::uint64_t key = 0; key < 200; ++key) note(key * 0x9e3779b97f4a7c15u);
  pass(minutes(6));
  weigh(10);
  CHECK(lane.evidence().expected_keys == Approx(20).epsilon(0.1));
  CHECK(lane.evidence().expected_keys_settled);
  CHECK(lane.evidence().failures_per_key == 2);
  for (std::uint64_t key = 0; key < 2000; ++key) note(key * 0x9e3779b97f4a7c15u);
  pass(seconds(10));
  CHECK(lane.evidence().expected_keys == Approx(20).epsilon(0.1));
}

TEST_CASE_METHOD(StickyFixture, "counts a key once until it has seen a minute of the route") {
  weigh(50);
  for (std::uint64_t key = 0; key < 20; ++key) note(key * 0x9e3779b97f4a7c15u);
  pass(seconds(50));
  CHECK_FALSE(lane.evidence().expected_keys_settled);
  CHECK(lane.evidence().failures_per_key == 1);
  pass(seconds(20));
  CHECK(lane.evidence().failures_per_key == 3);
  CHECK_FALSE(lane.evidence().expected_keys_settled);
  pass(minutes(10));
  CHECK(lane.evidence().expected_keys_settled);
}

TEST_CASE_METHOD(StickyFixture,
                 "a route that becomes sticky within a stage expects keys from then") {
  sticky = false;
  weigh(50);
  sticky = true;
  expected_keys = 100;
  weigh(50);
  CHECK(lane.evidence().stage == 1);
  CHECK(lane.evidence().expected_keys == 100);
}

TEST_CASE_METHOD(StickyFixture, "every failure without a key counts on a sticky route") {
  expected_keys = 100;
  weigh(10);
  for (std::uint64_t client = 1; client <= 3; ++client) {
    FailedExchange failure = failed(client);
    failure.key.reset();
    REQUIRE(epoch->admit_new_keyless(0));
    lane.new_failure(*epoch, failure, 0);
  }
  REQUIRE(trips.size() == 1);
  CHECK(trips[0].verdict == Verdict::rollback);
}

}  // namespace
}  // namespace ficus::proxy
