#include "control/health/health_state.h"

#include "tests/support/catch.h"

namespace ficus::control {
namespace {

config::HealthCheck check() {
  config::HealthCheck result;
  result.healthy_after = 2;
  result.unhealthy_after = 3;
  return result;
}

}  // namespace

TEST_CASE("an endpoint is healthy until it was asked") { CHECK(HealthState(check()).healthy()); }

TEST_CASE("the first result counts at once") {
  HealthState state(check());
  CHECK(state.record(false));
  CHECK_FALSE(state.healthy());
}

TEST_CASE("a check that takes over from another keeps its verdict until the first result") {
  HealthState state(check(), false);
  CHECK_FALSE(state.healthy());
  CHECK(state.record(true));
  CHECK(state.healthy());
  CHECK_FALSE(HealthState(check(), false).record(false));
}

TEST_CASE("later results count in a row only") {
  HealthState state(check());
  CHECK_FALSE(state.record(true));
  CHECK_FALSE(state.record(false));
  CHECK_FALSE(state.record(false));
  CHECK_FALSE(state.record(true));
  CHECK_FALSE(state.record(false));
  CHECK_FALSE(state.record(false));
  CHECK(state.record(false));
  CHECK_FALSE(state.healthy());
  CHECK_FALSE(state.record(true));
  CHECK_FALSE(state.record(false));
  CHECK_FALSE(state.record(true));
  CHECK(state.record(true));
  CHECK(state.healthy());
}

}  // namespace ficus::control
