#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

namespace ficus::tests {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a test waits for what should happen at once. Long, because it is spent on failure only
// and sanitizers on a busy machine are slow.
inline constexpr milliseconds kPatience{20'000};

// A step of the harness did not happen: the message says which, and what was seen instead.
class HarnessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A point in time by which something must have happened.
class Deadline {
 public:
  explicit Deadline(milliseconds patience = kPatience) : at_(Clock::now() + patience) {}

  bool passed() const { return Clock::now() >= at_; }
  // Milliseconds left for poll(2), never negative.
  int left() const;
  void require(const std::string& what) const {
    if (passed()) throw HarnessError("deadline passed while waiting for " + what);
  }

 private:
  Clock::time_point at_;
};

// Polls until the predicate holds; false if it never did. The only waiting that tests may do for
// a state that nothing announces.
template <typename Predicate>
bool eventually(Predicate predicate, milliseconds patience = kPatience);

void pause_between_polls();

template <typename Predicate>
bool eventually(Predicate predicate, milliseconds patience) {
  const Deadline deadline(patience);
  while (!predicate()) {
    if (deadline.passed()) return predicate();
    pause_between_polls();
  }
  return true;
}

}  // namespace ficus::tests
