#include "control/metrics/cpu_times.h"

#include <algorithm>
#include <ctime>

namespace ficus::control {
namespace {

std::chrono::nanoseconds of_process() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

std::vector<CpuTime> CpuTimes::read() {
  std::vector<CpuTime> times;
  // The whole first: what is used meanwhile is a part's, not of nobody.
  std::chrono::nanoseconds rest = of_process();
  for (const Part& part : parts_) {
    times.push_back({part.name, part.used()});
    rest -= times.back().used;
  }
  other_ = std::max(other_, rest);
  times.push_back({"other", other_});
  return times;
}

}  // namespace ficus::control
