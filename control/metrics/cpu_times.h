#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ficus::control {

// The CPU time that one part of the process has used since its start.
struct CpuTime {
  std::string part;  // "worker"
  std::chrono::nanoseconds used{0};
};

// Tells CPU time by part. What is of none of them is the last part, "other": the main thread, the
// load at start, look-ups of names that began with it. No part ever falls, though they are read one
// after the other, and a thread that has ended stays counted (proxy::ThreadClock). Thread: one.
class CpuTimes {
 public:
  struct Part {
    std::string name;
    std::function<std::chrono::nanoseconds()> used;  // never falls
  };

  explicit CpuTimes(std::vector<Part> parts) : parts_(std::move(parts)) {}

  std::vector<CpuTime> read();

 private:
  const std::vector<Part> parts_;
  std::chrono::nanoseconds other_{0};
};

}  // namespace ficus::control
