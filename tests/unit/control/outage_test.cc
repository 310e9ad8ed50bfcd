#include "control/health/outage.h"

#include <memory>

#include "tests/support/catch.h"
#include "tests/support/manual_clock.h"

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Step = Outage::Step;

constexpr milliseconds kGrace{10'000};

// The new side of a route fell at this moment.
struct Fallen {
  ManualClock clock;
  proxy::Backend legacy;
  Outage outage{clock.now()};

  Fallen() {
    legacy.endpoints.push_back({std::make_shared<proxy::EndpointState>(
        0u, "10.0.0.1:80", proxy::SocketAddress(), std::size_t{1})});
  }

  Step after(milliseconds time) {
    clock.advance(time);
    return outage.step(clock.now(), kGrace, legacy);
  }
  void legacy_is(bool healthy) { legacy.endpoints[0].healthy = healthy; }
};

}  // namespace

TEST_CASE("an outage of the new side is acted upon once, after its grace") {
  Fallen fallen;
  CHECK(fallen.after(milliseconds(0)) == Step::wait);
  CHECK(fallen.after(kGrace - milliseconds(1)) == Step::wait);
  CHECK(fallen.after(milliseconds(1)) == Step::act);
  CHECK(fallen.after(milliseconds(100)) == Step::wait);
  CHECK(fallen.after(seconds(3600)) == Step::wait);
}

TEST_CASE("an outage of both sides is said once, and acted upon when legacy is back") {
  Fallen fallen;
  fallen.legacy_is(false);
  CHECK(fallen.after(kGrace - milliseconds(1)) == Step::wait);
  CHECK(fallen.after(milliseconds(1)) == Step::hold);
  for (int i = 0; i < 600; ++i) CHECK(fallen.after(milliseconds(100)) == Step::wait);
  fallen.legacy_is(true);
  CHECK(fallen.after(milliseconds(100)) == Step::act);
  // It was rolled back; what comes later is another story.
  fallen.legacy_is(false);
  CHECK(fallen.after(milliseconds(100)) == Step::wait);
  fallen.legacy_is(true);
  CHECK(fallen.after(milliseconds(100)) == Step::wait);
}

TEST_CASE("a legacy that is back before the grace ends changes nothing about it") {
  Fallen fallen;
  fallen.legacy_is(false);
  CHECK(fallen.after(seconds(5)) == Step::wait);
  fallen.legacy_is(true);
  CHECK(fallen.after(seconds(4)) == Step::wait);
  CHECK(fallen.after(seconds(1)) == Step::act);
}

}  // namespace ficus::control
