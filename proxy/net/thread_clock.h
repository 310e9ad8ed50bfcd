#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace ficus::proxy {

// The CPU time of a thread that others may look at while it runs, and after its end: it only grows,
// also over several threads that do one work one after the other.
class ThreadClock {
 public:
  // Lives on the thread that is measured, from its begin to its end. One at a time.
  class Running {
   public:
    explicit Running(ThreadClock& clock);
    ~Running();

    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    ThreadClock& clock_;
  };

  // Costs a system call while the thread runs. Any thread.
  std::chrono::nanoseconds used() const;

 private:
  static constexpr clockid_t kNone = 0;  // CLOCK_REALTIME, which is no thread's

  // An odd version: being changed. The number of a thread that has ended may be another's at once.
  std::atomic<std::uint64_t> version_{0};
  std::atomic<clockid_t> clock_{kNone};
  std::atomic<std::int64_t> ended_{0};  // nanoseconds, of threads that have ended
};

}  // namespace ficus::proxy
