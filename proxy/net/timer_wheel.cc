#include "proxy/net/timer_wheel.h"

#include <algorithm>
#include <limits>

namespace ficus::proxy {
namespace {

constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();

}  // namespace

TimerWheel::TimerWheel(SteadyTime now) : origin_(now), next_due_(kNothing) {
  for (Anchor& anchor : slots_) {
    anchor.previous_ = &anchor;
    anchor.next_ = &anchor;
  }
}

// Rounded up, so that a slot is visited only when all its deadlines of this turn have passed.
std::int64_t TimerWheel::tick_of(SteadyTime time) const {
  const auto since = time - origin_;
  return (since + kTick - SteadyTime::duration(1)) / kTick;
}

void TimerWheel::file(Timer& timer, std::int64_t tick) {
  const std::int64_t last = current_ + static_cast<std::int64_t>(kSlots) - 1;
  tick = std::clamp(tick, current_ + 1, last);
  timer.unlink();
  Anchor& anchor = slots_[static_cast<std::size_t>(tick) % kSlots];
  timer.filed_tick_ = tick;
  timer.next_ = &anchor;
  timer.previous_ = anchor.previous_;
  anchor.previous_->next_ = &timer;
  anchor.previous_ = &timer;
  next_due_ = std::min(next_due_, tick);
}

void TimerWheel::set(Timer& timer, SteadyTime deadline) {
  timer.deadline_ = deadline;
  if (deadline == Timer::kNever) return;
  const std::int64_t tick = tick_of(deadline);
  if (timer.previous_ != nullptr && timer.filed_tick_ <= tick) return;
  file(timer, tick);
}

void TimerWheel::visit(std::int64_t tick, SteadyTime now) {
  Anchor& anchor = slots_[static_cast<std::size_t>(tick) % kSlots];
  if (anchor.next_ == &anchor) return;
  // Moved to a list of its own: what fires may file new timers into this very slot.
  Anchor due;
  due.next_ = anchor.next_;
  due.previous_ = anchor.previous_;
  due.next_->previous_ = &due;
  due.previous_->next_ = &due;
  anchor.next_ = anchor.previous_ = &anchor;
  while (due.next_ != &due) {
    Timer* timer = due.next_;
    timer->unlink();
    if (timer->deadline_ == Timer::kNever) continue;
    if (timer->deadline_ > now) {
      file(*timer, tick_of(timer->deadline_));
      continue;
    }
    timer->deadline_ = Timer::kNever;
    timer->on_deadline();
  }
  due.previous_ = due.next_ = nullptr;
}

void TimerWheel::find_next_due() {
  next_due_ = kNothing;
  for (std::size_t step = 1; step < kSlots; ++step) {
    const std::int64_t tick = current_ + static_cast<std::int64_t>(step);
    const Anchor& anchor = slots_[static_cast<std::size_t>(tick) % kSlots];
    if (anchor.next_ != &anchor) {
      next_due_ = tick;
      return;
    }
  }
}

void TimerWheel::advance(SteadyTime now) {
  const std::int64_t target = (now - origin_) / kTick;
  if (target < next_due_) {
    current_ = std::max(current_, target);
    return;
  }
  while (current_ < target) {
    ++current_;
    visit(current_, now);
  }
  find_next_due();
}

int TimerWheel::wait_ms(SteadyTime now) const {
  if (next_due_ == kNothing) return -1;
  const SteadyTime due = origin_ + next_due_ * kTick;
  if (due <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  return static_cast<int>(wait.count());
}

}  // namespace ficus::proxy
