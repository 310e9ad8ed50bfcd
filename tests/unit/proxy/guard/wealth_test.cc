#include "proxy/guard/wealth.h"

#include <chrono>
#include <cmath>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::seconds;

SteadyTime at(int second) { return SteadyTime(seconds(second)); }

// A wealth that has entered its first stage at second 0: 0.075, 0.075 and 0.1 are at stake.
AbsoluteWealth entered(double tau = 0.05) {
  AbsoluteWealth wealth(tau);
  wealth.enter_stage(at(0));
  return wealth;
}

TEST_CASE("forgives the larger of the limit and twice legacy's rate, at most 45 percent") {
  CHECK(forgiven_rate(5, 0) == Approx(0.05));
  CHECK(forgiven_rate(5, 0.02) == Approx(0.05));
  CHECK(forgiven_rate(5, 0.08) == Approx(0.16));
  CHECK(forgiven_rate(5, 0.3) == Approx(0.45));
  CHECK(forgiven_rate(0, 0) > 0);
}

TEST_CASE("stakes at most one half on stages and one half on failures") {
  CHECK(stage_seed(0) == Approx(0.25));
  CHECK(stage_seed(1) == Approx(0.5 / 6));
  CHECK(stage_seed(6) == Approx(0.5 / 56));
  CHECK(failure_seed(1) == Approx(0.07680).epsilon(0.001));
  CHECK(failure_seed(2) == Approx(0.04668).epsilon(0.001));

  double stages = 0;
  double failures = 0;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    stages += stage_seed(i);
    failures += failure_seed(i + 1);
  }
  CHECK(stages == Approx(0.5 * (1 - 1.0 / 100'001)));
  const double e = std::exp(1.0);
  CHECK(failures == Approx(0.5 - 0.5 * std::log(1 + e) / std::log(100'001 + e)));
}

TEST_CASE("multiplies a success by the odds of each alternative") {
  AbsoluteWealth wealth = entered();
  CHECK(wealth.total() == Approx(0.25));
  wealth.assigned(1);
  CHECK(wealth.total() == Approx(0.075 * 0.9 / 0.95 + 0.075 * 0.75 / 0.95 + 0.1 * 0.1 / 0.95));
}

TEST_CASE("applies a run of successes as it applies them one by one") {
  AbsoluteWealth run = entered();
  AbsoluteWealth single = entered();
  run.assigned(37);
  for (int i = 0; i < 37; ++i) single.assigned(1);
  CHECK(run.total() == Approx(single.total()));
}

TEST_CASE("a failure takes the success of its assignment back and multiplies") {
  AbsoluteWealth wealth = entered();
  wealth.assigned(1);
  wealth.failed(at(1));
  CHECK(wealth.total() == Approx(0.075 * 2 + 0.075 * 5 + 0.1 * 18));
}

TEST_CASE("is convinced by the third failure of three at the first stage's entry") {
  AbsoluteWealth wealth = entered();
  for (int i = 1; i <= 3; ++i) {
    CHECK_FALSE(wealth.convincing());
    wealth.assigned(1);
    wealth.failed(at(2 * i));
    if (i < 3) wealth.sow(at(2 * i), at(2 * i + 1));
  }
  // 0.075*8 + 0.075*125 + 0.1*5832, and what the first two failures sowed.
  const double stage = 593.175;
  const double first = 0.07680 * (0.3 * 4 + 0.3 * 25 + 0.4 * 324);
  const double second = 0.04668 * (0.3 * 2 + 0.3 * 5 + 0.4 * 18);
  CHECK(wealth.total() == Approx(stage + first + second).epsilon(0.001));
  CHECK(wealth.convincing());
}

TEST_CASE("is a fair game while the side fails exactly at the forgiven rate") {
  const double tau = GENERATE(0.01, 0.05, 0.2, 0.45);
  AbsoluteWealth success = entered(tau);
  success.assigned(1);
  AbsoluteWealth failure = success;
  failure.failed(at(1));
  CHECK((1 - tau) * success.total() + tau * failure.total() == Approx(0.25));
}

TEST_CASE("a failure leaves alone what was sown after its own assignment") {
  AbsoluteWealth wealth(0.05);
  wealth.begin_epoch(at(0));
  wealth.assigned(2);
  wealth.failed(at(1));
  wealth.sow(at(1), at(5));
  const double sown = wealth.total();
  CHECK(sown == Approx(failure_seed(1)));
  wealth.failed(at(4));
  CHECK(wealth.total() == Approx(sown));
  wealth.failed(at(5));
  CHECK(wealth.total() == Approx(sown));
  wealth.assigned(1);
  wealth.failed(at(6));
  CHECK(wealth.total() == Approx(failure_seed(1) * (0.3 * 2 + 0.3 * 5 + 0.4 * 18)));
}

TEST_CASE("the first failure's seed does not wait for those that were on their way with it") {
  AbsoluteWealth wealth(0.05);
  wealth.begin_epoch(at(0));
  wealth.assigned(10);
  for (int i = 0; i < 10; ++i) {  // assigned in seconds 1 to 10, seen in seconds 11 to 20
    wealth.failed(at(1 + i));
    wealth.sow(at(1 + i), at(11 + i));
  }
  CHECK(wealth.layers() == 3);
  const double before = wealth.total();
  wealth.assigned(1);
  wealth.failed(at(12));  // assigned when the first of them had been seen
  CHECK(wealth.total() > before);
}

TEST_CASE("a stage's seed is multiplied by all that is on its way when the first failure comes") {
  AbsoluteWealth wealth = entered();
  wealth.assigned(5);
  for (int i = 0; i < 4; ++i) {
    wealth.failed(at(1));
    wealth.sow(at(1), at(10 + i));
  }
  CHECK(wealth.total() > 0.1 * std::pow(18, 4) * 0.1 / 0.95);
}

TEST_CASE("a forgiven failure counts neither way") {
  AbsoluteWealth wealth = entered();
  wealth.assigned(1);
  wealth.forgiven(at(1));
  CHECK(wealth.total() == Approx(0.25));
  CHECK(wealth.failures() == 0);
}

TEST_CASE("keeps at most ten layers and loses nothing when two merge") {
  AbsoluteWealth wealth = entered(0.45);
  double sown = 0.25;
  for (int i = 1; i <= 200; ++i) {
    wealth.sow(at(10 * i), at(10 * i + 1));
    sown += failure_seed(static_cast<std::uint64_t>(i));
    REQUIRE(wealth.layers() <= AbsoluteWealth::kMaxLayers);
    REQUIRE(wealth.total() == Approx(sown));
  }
  CHECK(wealth.layers() == AbsoluteWealth::kMaxLayers);
}

TEST_CASE("merging never lets a failure multiply what was sown after its assignment") {
  AbsoluteWealth wealth(0.05);
  wealth.begin_epoch(at(0));
  for (int i = 1; i <= 50; ++i) wealth.sow(at(10 * i), at(10 * i + 1));
  for (int assigned = 0; assigned < 510; assigned += 7) {
    AbsoluteWealth tried = wealth;
    tried.failed(at(assigned));
    double most = 0;  // as if every seed had kept its own time
    for (int i = 1; i <= 50; ++i) {
      const double factor =
          10 * i + 1 < assigned ? 0.3 * 2 / (0.9 / 0.95) + 0.3 * 5 / (0.75 / 0.95) + 0.4 * 171 : 1;
      most += failure_seed(static_cast<std::uint64_t>(i)) * factor;
    }
    CHECK(tried.total() <= most * 1.000001);
  }
}

TEST_CASE("survives a million successes and the break after them") {
  AbsoluteWealth wealth = entered();
  wealth.assigned(1'000'000);
  CHECK(wealth.total() == Approx(0));
  int failures = 0;
  while (!wealth.convincing() && failures < 100) {
    ++failures;
    wealth.assigned(1);
    wealth.failed(at(10 * failures));
    if (!wealth.convincing()) wealth.sow(at(10 * failures), at(10 * failures + 1));
  }
  CHECK(failures <= 6);
}

TEST_CASE("a new budget begins with nothing at stake") {
  AbsoluteWealth wealth = entered();
  wealth.sow(at(1), at(2));
  wealth.restart();
  CHECK(wealth.total() == 0);
  CHECK(wealth.stages() == 0);
  CHECK(wealth.failures() == 0);
  wealth.enter_stage(at(3));
  CHECK(wealth.total() == Approx(0.25));
}

}  // namespace
}  // namespace ficus::proxy
