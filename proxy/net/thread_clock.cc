#include "proxy/net/thread_clock.h"

#include <pthread.h>

namespace ficus::proxy {
namespace {

std::int64_t read(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ThreadClock::Running::Running(ThreadClock& clock) : clock_(clock) {
  clockid_t id = kNone;
  if (::pthread_getcpuclockid(::pthread_self(), &id) != 0) id = kNone;
  ++clock_.version_;
  clock_.clock_ = id;
  ++clock_.version_;
}

// The last reading only once nobody reads any more: what others have read is never more than it.
ThreadClock::Running::~Running() {
  ++clock_.version_;
  if (clock_.clock_ != kNone) clock_.ended_ += read(CLOCK_THREAD_CPUTIME_ID);
  clock_.clock_ = kNone;
  ++clock_.version_;
}

std::chrono::nanoseconds ThreadClock::used() const {
  for (;;) {
    const std::uint64_t before = version_;
    const clockid_t clock = clock_;
    const std::int64_t ended = ended_;
    const std::int64_t running = clock == kNone ? 0 : read(clock);
    if (before % 2 == 0 && version_ == before) return std::chrono::nanoseconds(ended + running);
  }
}

}  // namespace ficus::proxy
