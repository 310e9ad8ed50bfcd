#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ficus::proxy {

using SteadyTime = std::chrono::steady_clock::time_point;

// One deadline. Moving it later costs a store; the wheel re-files it when its slot comes up.
class Timer {
 public:
  static constexpr SteadyTime kNever = SteadyTime::max();

  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { unlink(); }

  SteadyTime deadline() const { return deadline_; }

 protected:
  // The deadline has passed. May set another, or destroy the timer.
  virtual void on_deadline() = 0;

 private:
  friend class TimerWheel;
  void unlink() {
    if (previous_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

  SteadyTime deadline_ = kNever;
  std::int64_t filed_tick_ = 0;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
};

// A hashed timer wheel: 50 ms a tick, 1,024 slots. A deadline fires at most one tick late, never
// early. Loop thread only.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr std::size_t kSlots = 1024;

  explicit TimerWheel(SteadyTime now);

  void set(Timer& timer, SteadyTime deadline);
  void clear(Timer& timer) { timer.deadline_ = Timer::kNever; }

  // Fires what is due.
  void advance(SteadyTime now);

  // Milliseconds until something may be due, -1 if nothing is filed.
  int wait_ms(SteadyTime now) const;

 private:
  class Anchor final : public Timer {
   public:
    void on_deadline() override {}
  };

  std::int64_t tick_of(SteadyTime time) const;
  void file(Timer& timer, std::int64_t tick);
  void visit(std::int64_t tick, SteadyTime now);
  void find_next_due();

  const SteadyTime origin_;
  std::int64_t current_ = 0;  // last tick that was visited
  std::int64_t next_due_;     // no filed timer is due before this tick
  std::array<Anchor, kSlots> slots_;
};

}  // namespace ficus::proxy
