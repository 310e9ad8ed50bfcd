#pragma once

#include <chrono>

namespace ficus::proxy {

// A moment on a clock that a jump of the wall clock neither stops nor turns back.
using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace ficus::proxy
