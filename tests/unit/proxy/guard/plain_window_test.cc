#include "proxy/guard/plain_window.h"

#include <chrono>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SteadyTime at(double time) { return SteadyTime(milliseconds(static_cast<int>(time * 1000))); }

TEST_CASE("asks for the smallest number of requests and more than the rate") {
  const PlainWindow window({seconds(30), 20});
  CHECK_FALSE(window.exceeds({19, 19}, 0.05));
  CHECK_FALSE(window.exceeds({20, 1}, 0.05));
  CHECK(window.exceeds({20, 2}, 0.05));
  CHECK_FALSE(window.exceeds({20, 0}, 0.05));
}

TEST_CASE("holds the share that failed, in units of what is too much") {
  const PlainWindow window({seconds(30), 20});
  CHECK(window.held({19, 19}, 0.05) == 0);
  CHECK(window.held({20, 0}, 0.05) == 0);
  CHECK(window.held({20, 1}, 0.05) == Approx(1));
  CHECK(window.held({100, 10}, 0.05) == Approx(2));
  CHECK(window.held({0, 0}, 0.05) == 0);
}

TEST_CASE("forgets what is older than the window") {
  PlainWindow window({seconds(30), 20});
  PlainWindow::Counts totals;
  for (double time = 0; time < 100; time += 0.1) {
    totals.outcomes += 1;
    if (time < 10) totals.failures += 1;
    window.sample(at(time), totals);
  }
  const PlainWindow::Counts counts = window.within(at(100), totals);
  CHECK(counts.failures == 0);
  CHECK(counts.outcomes >= 300);
  CHECK(counts.outcomes <= 306);
}

TEST_CASE("counts everything while the epoch is younger than the window") {
  PlainWindow window({seconds(30), 20});
  window.sample(at(0), {0, 0});
  window.sample(at(10), {50, 5});
  const PlainWindow::Counts counts = window.within(at(20), {80, 9});
  CHECK(counts.outcomes == 80);
  CHECK(counts.failures == 9);
}

}  // namespace
}  // namespace ficus::proxy
