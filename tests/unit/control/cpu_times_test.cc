#include "control/metrics/cpu_times.h"

#include <ctime>

#include "tests/support/catch.h"

namespace ficus::control {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

nanoseconds of_process() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

TEST_CASE("what no part has used is the last part, which never falls") {
  nanoseconds used{0};
  CpuTimes times({{"worker", [&] { return used; }}, {"log", [] { return nanoseconds(0); }}});
  const nanoseconds before = of_process();
  const auto first = times.read();
  REQUIRE(first.size() == 3);
  CHECK(first[0].part == "worker");
  CHECK(first[1].part == "log");
  CHECK(first[2].part == "other");
  CHECK(first[2].used >= before);
  CHECK(first[2].used <= of_process());

  used = hours(100);  // more than the process: as if all of it came between the two readings
  const auto second = times.read();
  CHECK(second[0].used == hours(100));
  CHECK(second[2].used == first[2].used);
}

}  // namespace
}  // namespace ficus::control
