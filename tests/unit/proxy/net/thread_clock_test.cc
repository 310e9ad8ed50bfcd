#include "proxy/net/thread_clock.h"

#include <atomic>
#include <future>
#include <thread>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

void use_up(nanoseconds time) {
  ThreadClock own;
  const ThreadClock::Running running(own);
  const nanoseconds begin = own.used();
  while (own.used() - begin < time) {
  }
}

// A thread under a clock, held between its steps.
class Measured {
 public:
  explicit Measured(ThreadClock& clock) {
    thread_ = std::thread([this, &clock] {
      {
        const ThreadClock::Running running(clock);
        use_up(milliseconds(5));
        worked_.set_value();
        end_.get_future().wait();
      }
    });
    worked_.get_future().wait();
  }
  void end() {
    end_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> worked_;
  std::promise<void> end_;
  std::thread thread_;
};

TEST_CASE("a thread's clock is read by others while it runs, and after its end") {
  ThreadClock clock;
  CHECK(clock.used() == nanoseconds(0));
  Measured first(clock);
  const nanoseconds running = clock.used();
  CHECK(running >= milliseconds(5));
  first.end();
  const nanoseconds ended = clock.used();
  CHECK(ended >= running);
  CHECK(clock.used() == ended);

  Measured second(clock);
  CHECK(clock.used() >= ended + milliseconds(5));
  second.end();
  CHECK(clock.used() >= ended + milliseconds(5));
}

TEST_CASE("it never falls while threads come and go under it") {
  ThreadClock clock;
  std::atomic<bool> stop{false};
  std::thread coming_and_going([&] {
    for (int i = 0; i < 500; ++i) {
      std::thread([&] {
        const ThreadClock::Running running(clock);
        use_up(std::chrono::microseconds(20));
      }).join();
    }
    stop = true;
  });
  nanoseconds last{0};
  bool fell = false;
  while (!stop) {
    const nanoseconds now = clock.used();
    fell = fell || now < last;
    last = now;
  }
  coming_and_going.join();
  CHECK_FALSE(fell);
  CHECK(clock.used() > nanoseconds(0));
}

}  // namespace
}  // namespace ficus::proxy
