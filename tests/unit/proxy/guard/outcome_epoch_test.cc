#include "proxy/guard/outcome_epoch.h"

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

config::Weight percent(double value) { return config::Weight::from_percent(value).value(); }

OutcomeEpoch::Terms terms(double weight) {
  OutcomeEpoch::Terms result;
  result.weight = percent(weight);
  result.workers = 2;
  return result;
}

TEST_CASE("a full weight takes every key and none takes no key") {
  CHECK(sticky_threshold(percent(0)) == 0);
  CHECK(sticky_threshold(percent(100)) == kHashScale);
  CHECK(sticky_threshold(percent(50)) == kHashScale / 2);
}

TEST_CASE("sums the outcomes of all workers") {
  OutcomeEpoch epoch(terms(50));
  CHECK(epoch.admit_new(0));
  CHECK(epoch.admit_new(1));
  epoch.assign_new(1);
  epoch.new_success(0);
  epoch.legacy_success(0);
  epoch.legacy_success(1);
  epoch.legacy_failure(1);
  const OutcomeEpoch::Sums sums = epoch.sums();
  CHECK(sums.new_assigned == 3);
  CHECK(sums.new_success == 1);
  CHECK(sums.new_failure == 0);
  CHECK(sums.legacy_success == 2);
  CHECK(sums.legacy_failure == 1);
}

TEST_CASE("without slow start nothing is held back and legacy always counts") {
  OutcomeEpoch epoch(terms(50));
  for (int i = 0; i < 1000; ++i) REQUIRE(epoch.admit_new(0));
  CHECK(epoch.counts_legacy());
}

TEST_CASE("slow start lets five in, over all workers, and stops counting legacy meanwhile") {
  OutcomeEpoch::Terms slow = terms(50);
  slow.slow_start = true;
  OutcomeEpoch epoch(slow);
  CHECK(epoch.counts_legacy());
  for (std::size_t i = 0; i < 5; ++i) CHECK(epoch.admit_new(i % 2));
  CHECK_FALSE(epoch.admit_new(0));
  CHECK_FALSE(epoch.counts_legacy());
  CHECK(epoch.sums().new_assigned == 5);

  SECTION("a success lets two in") {
    epoch.new_success(0);
    CHECK(epoch.counts_legacy());
    CHECK(epoch.admit_new(0));
    CHECK(epoch.admit_new(1));
    CHECK_FALSE(epoch.admit_new(0));
  }
  SECTION("what counts for nobody gives its token back") {
    epoch.new_uncounted(0);
    CHECK(epoch.admit_new(0));
    CHECK_FALSE(epoch.admit_new(0));
  }
  SECTION("requests assigned by rule are never held back") {
    epoch.assign_new(0);
    CHECK(epoch.sums().new_assigned == 6);
  }
}

TEST_CASE("a sticky ramp begins above the keys that are on new already") {
  OutcomeEpoch::Terms ramp = terms(50);
  ramp.previous = percent(10);
  ramp.sticky = true;
  ramp.slow_start = true;
  OutcomeEpoch epoch(ramp);
  CHECK(epoch.slow_starting());
  CHECK(epoch.sticky_threshold_now() > sticky_threshold(percent(10)));
  CHECK(epoch.sticky_threshold_now() < sticky_threshold(percent(11)));
  for (int i = 0; i < 100; ++i) REQUIRE(epoch.admit_new(0));
  CHECK(epoch.counts_legacy());

  SECTION("a request without a key is let in as far as the ramp has come") {
    int admitted = 0;
    for (int i = 0; i < 10'000; ++i) admitted += epoch.admit_new_keyless(1) ? 1 : 0;
    CHECK(admitted == Approx(10'000 * (10 + 40.0 / 64) / 50).margin(1));
  }
}

TEST_CASE("without slow start a sticky weight is in force at once") {
  OutcomeEpoch::Terms sticky = terms(50);
  sticky.sticky = true;
  OutcomeEpoch epoch(sticky);
  CHECK_FALSE(epoch.slow_starting());
  CHECK(epoch.sticky_threshold_now() == kHashScale / 2);
  CHECK(epoch.admit_new_keyless(0));
}

}  // namespace
}  // namespace ficus::proxy
