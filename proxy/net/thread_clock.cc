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
  clock_.change(id, clock_.ended_);
}

ThreadClock::Running::~Running() {
  const bool measured = clock_.clock_ != kNone;
  clock_.change(kNone, clock_.ended_ + (measured ? read(CLOCK_THREAD_CPUTIME_ID) : 0));
}

void ThreadClock::change(clockid_t clock, std::int64_t ended) {
  ++version_;
  clock_ = clock;
  ended_ = ended;
  ++version_;
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
