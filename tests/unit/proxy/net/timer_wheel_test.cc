#include "proxy/net/timer_wheel.h"

#include <memory>
#include <vector>

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using ficus::proxy::SteadyTime;
using ficus::proxy::Timer;
using ficus::proxy::TimerWheel;

namespace {

const SteadyTime kStart{1'000'000h};

class Recorder final : public Timer {
 public:
  int fired = 0;

 private:
  void on_deadline() override { ++fired; }
};

}  // namespace

TEST_CASE("a deadline fires at most one tick late and never early") {
  for (const auto after : {1ms, 49ms, 50ms, 51ms, 500ms, 10'000ms, 51'150ms, 51'200ms, 90'000ms}) {
    TimerWheel wheel(kStart);
    Recorder timer;
    wheel.set(timer, kStart + after);
    auto now = 0ms;
    while (timer.fired == 0) {
      now += 1ms;
      REQUIRE(now <= after + 50ms);
      wheel.advance(kStart + now);
    }
    CHECK(now >= after);
    wheel.advance(kStart + 200'000ms);
    CHECK(timer.fired == 1);
  }
}

TEST_CASE("a deadline that moved later does not fire at the earlier time") {
  TimerWheel wheel(kStart);
  Recorder timer;
  wheel.set(timer, kStart + 100ms);
  wheel.set(timer, kStart + 900ms);
  wheel.advance(kStart + 899ms);
  CHECK(timer.fired == 0);
  wheel.advance(kStart + 950ms);
  CHECK(timer.fired == 1);
}

TEST_CASE("a deadline that moved earlier fires at the earlier time") {
  TimerWheel wheel(kStart);
  Recorder timer;
  wheel.set(timer, kStart + 75'000ms);
  wheel.set(timer, kStart + 500ms);
  wheel.advance(kStart + 550ms);
  CHECK(timer.fired == 1);
}

TEST_CASE("a cleared or destroyed timer does not fire") {
  TimerWheel wheel(kStart);
  Recorder cleared;
  wheel.set(cleared, kStart + 100ms);
  wheel.clear(cleared);
  auto destroyed = std::make_unique<Recorder>();
  wheel.set(*destroyed, kStart + 100ms);
  destroyed.reset();
  wheel.advance(kStart + 1'000ms);
  CHECK(cleared.fired == 0);
}

TEST_CASE("the loop is told how long it may sleep") {
  TimerWheel wheel(kStart);
  CHECK(wheel.wait_ms(kStart) == -1);
  Recorder timer;
  wheel.set(timer, kStart + 500ms);
  CHECK(wheel.wait_ms(kStart) == 500);
  CHECK(wheel.wait_ms(kStart + 480ms) == 20);
  CHECK(wheel.wait_ms(kStart + 600ms) == 0);
  wheel.advance(kStart + 600ms);
  CHECK(wheel.wait_ms(kStart + 600ms) == -1);
}

TEST_CASE("a timer may set itself again while it fires") {
  class Again final : public Timer {
   public:
    explicit Again(TimerWheel& wheel) : wheel_(wheel) {}
    int fired = 0;
    SteadyTime next{};

   private:
    void on_deadline() override {
      ++fired;
      next += 50ms;
      wheel_.set(*this, next);
    }
    TimerWheel& wheel_;
  };
  TimerWheel wheel(kStart);
  Again timer(wheel);
  timer.next = kStart + 50ms;
  wheel.set(timer, timer.next);
  for (auto now = 0ms; now <= 1'000ms; now += 10ms) wheel.advance(kStart + now);
  CHECK(timer.fired == 20);
}
