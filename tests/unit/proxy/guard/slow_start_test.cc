#include "proxy/guard/slow_start.h"

#include <chrono>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SteadyTime at(milliseconds time) { return SteadyTime(time); }

TEST_CASE("lets five requests in and holds the sixth back") {
  TokenCount tokens;
  for (int i = 0; i < 5; ++i) CHECK(tokens.take());
  CHECK_FALSE(tokens.take());
  CHECK_FALSE(tokens.any());
}

TEST_CASE("a side that only fails never has more than five in flight") {
  TokenCount tokens;
  int in_flight = 0;
  for (int i = 0; i < 1000; ++i) {
    while (tokens.take()) ++in_flight;
    REQUIRE(in_flight == 5);
    tokens.give_back();
    --in_flight;
  }
}

TEST_CASE("a success lets two more in") {
  TokenCount tokens;
  for (int i = 0; i < 5; ++i) tokens.take();
  tokens.success();
  CHECK(tokens.take());
  CHECK(tokens.take());
  CHECK_FALSE(tokens.take());
}

TEST_CASE("requests that are never held back use tokens up") {
  TokenCount tokens;
  for (int i = 0; i < 7; ++i) tokens.take_anyway();
  CHECK(tokens.tokens() == -2);
  CHECK_FALSE(tokens.take());
}

// So many successes, one after the other: each leaves one token more.
void prove(TokenCount& tokens, int times) {
  for (int i = 0; i < times; ++i) {
    tokens.take();
    tokens.success();
  }
}

TEST_CASE("unsticky slow start ends when the tokens stayed above a thousand for ten seconds") {
  TokenCount tokens;
  prove(tokens, 2000);
  CHECK_FALSE(tokens.enough(at(seconds(1))));  // they were low since the last look
  CHECK_FALSE(tokens.enough(at(seconds(2))));
  CHECK_FALSE(tokens.enough(at(milliseconds(11'900))));
  CHECK(tokens.enough(at(seconds(12))));
}

TEST_CASE("a dip between two looks begins the ten seconds again") {
  TokenCount tokens;
  prove(tokens, 1100);
  (void)tokens.enough(at(seconds(1)));
  CHECK_FALSE(tokens.enough(at(seconds(2))));
  for (int i = 0; i < 200; ++i) tokens.take();
  for (int i = 0; i < 200; ++i) tokens.success();
  CHECK_FALSE(tokens.enough(at(seconds(13))));
  CHECK_FALSE(tokens.enough(at(seconds(14))));
  CHECK(tokens.enough(at(seconds(24))));
}

TEST_CASE("unsticky slow start asks for twice the peak in flight") {
  TokenCount tokens;
  prove(tokens, 2500);
  for (int i = 0; i < 1000; ++i) tokens.take();
  for (int i = 0; i < 1000; ++i) tokens.give_back();
  (void)tokens.enough(at(seconds(0)));
  CHECK_FALSE(tokens.enough(at(seconds(1))));
  CHECK(tokens.enough(at(seconds(11))));

  TokenCount busier;
  prove(busier, 2500);
  for (int i = 0; i < 1500; ++i) busier.take();
  for (int i = 0; i < 1500; ++i) busier.give_back();
  (void)busier.enough(at(seconds(0)));
  CHECK_FALSE(busier.enough(at(seconds(1))));
  CHECK_FALSE(busier.enough(at(seconds(60))));  // 2,505 tokens, 3,000 are asked for
}

constexpr std::uint64_t kFrom = 64'000;
constexpr std::uint64_t kTo = 128'000;

TEST_CASE("a ramp begins with a sixty-fourth of the step") {
  const StickyRamp ramp(kFrom, kTo, at(seconds(0)));
  CHECK(ramp.running());
  CHECK(ramp.threshold() == kFrom + 1000);
  CHECK(ramp.progress() == Approx(1.0 / 64));
}

TEST_CASE("a ramp doubles after 5, 10, 20 successes since the last doubling") {
  StickyRamp ramp(kFrom, kTo, at(seconds(0)));
  ramp.advance(at(seconds(1)), 4, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 1000);
  ramp.advance(at(seconds(1)), 5, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 2000);
  ramp.advance(at(seconds(2)), 14, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 2000);
  ramp.advance(at(seconds(2)), 15, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 4000);
  ramp.advance(at(seconds(3)), 35, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 8000);
}

TEST_CASE("a ramp doubles after ten seconds without a failure") {
  StickyRamp ramp(kFrom, kTo, at(seconds(0)));
  ramp.advance(at(milliseconds(9900)), 0, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 1000);
  ramp.advance(at(seconds(10)), 0, std::nullopt);
  CHECK(ramp.threshold() == kFrom + 2000);
  ramp.advance(at(seconds(21)), 0, at(seconds(15)));
  CHECK(ramp.threshold() == kFrom + 2000);
  ramp.advance(at(seconds(25)), 0, at(seconds(15)));
  CHECK(ramp.threshold() == kFrom + 4000);
}

TEST_CASE("a ramp ends at the new threshold after six doublings") {
  StickyRamp ramp(kFrom, kTo, at(seconds(0)));
  std::uint64_t before = kFrom;
  for (int i = 1; i <= 6; ++i) {
    CHECK(ramp.running());
    CHECK(ramp.threshold() > before);
    before = ramp.threshold();
    ramp.advance(at(seconds(10 * i)), 0, std::nullopt);
  }
  CHECK_FALSE(ramp.running());
  CHECK(ramp.threshold() == kTo);
}

TEST_CASE("a falling threshold needs no ramp") {
  const StickyRamp ramp(kTo, kFrom, at(seconds(0)));
  CHECK_FALSE(ramp.running());
  CHECK(ramp.threshold() == kFrom);
}

}  // namespace
}  // namespace ficus::proxy
