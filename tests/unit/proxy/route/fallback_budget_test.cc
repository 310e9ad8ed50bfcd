#include "proxy/route/fallback_budget.h"

#include <chrono>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::seconds;

SteadyTime at(int second) { return SteadyTime{} + seconds(1'000 + second); }

int take_all(FallbackBudget& budget, SteadyTime now, double percent, std::size_t workers) {
  int taken = 0;
  while (taken < 100'000 && budget.take(now, percent, workers)) ++taken;
  return taken;
}

TEST_CASE("a quiet route may fall back 256 times in ten seconds", "[fallback_budget]") {
  FallbackBudget budget;
  CHECK(take_all(budget, at(0), 20, 1) == 256);
  CHECK(take_all(budget, at(9), 20, 1) == 0);
  CHECK(take_all(budget, at(10), 20, 1) == 256);
}

TEST_CASE("the floor is divided among the workers, rounded up", "[fallback_budget]") {
  FallbackBudget two;
  CHECK(take_all(two, at(0), 20, 2) == 128);
  FallbackBudget three;
  CHECK(take_all(three, at(0), 20, 3) == 86);
  FallbackBudget many;
  CHECK(take_all(many, at(0), 20, 1'000) == 1);
}

TEST_CASE("a busy route may fall back its share of the last ten seconds", "[fallback_budget]") {
  FallbackBudget budget;
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < 1'000; ++i) budget.request(at(second));
  }
  CHECK(take_all(budget, at(9), 20, 1) == 2'000);
  // The second that leaves the window takes its requests along, not yet the fallbacks.
  CHECK(take_all(budget, at(10), 20, 1) == 0);
  CHECK(take_all(budget, at(18), 20, 1) == 0);
  CHECK(take_all(budget, at(19), 20, 1) == 256);
}

TEST_CASE("a budget of nothing still has its floor, one of everything allows all",
          "[fallback_budget]") {
  FallbackBudget nothing;
  for (int i = 0; i < 10'000; ++i) nothing.request(at(0));
  CHECK(take_all(nothing, at(0), 0, 1) == 256);
  FallbackBudget everything;
  for (int i = 0; i < 10'000; ++i) everything.request(at(0));
  CHECK(take_all(everything, at(0), 100, 1) == 10'000);
}

TEST_CASE("a long silence forgets everything", "[fallback_budget]") {
  FallbackBudget budget;
  for (int i = 0; i < 10'000; ++i) budget.request(at(0));
  CHECK(take_all(budget, at(1'000'000), 50, 1) == 256);
}

TEST_CASE("a clock that stands or steps back charges the present second", "[fallback_budget]") {
  FallbackBudget budget;
  CHECK(take_all(budget, at(5), 20, 1) == 256);
  CHECK(take_all(budget, at(4), 20, 1) == 0);
}

}  // namespace
}  // namespace ficus::proxy
