#include "tests/support/deadline.h"

#include <algorithm>
#include <thread>

namespace ficus::tests {

int Deadline::left() const {
  const auto left = std::chrono::duration_cast<milliseconds>(at_ - Clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

void pause_between_polls() { std::this_thread::sleep_for(milliseconds(2)); }

}  // namespace ficus::tests
