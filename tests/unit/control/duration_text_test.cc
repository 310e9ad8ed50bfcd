#include "control/duration_text.h"

#include "tests/support/catch.h"

namespace ficus::control {

using std::chrono::milliseconds;

TEST_CASE("durations are a number and a unit") {
  CHECK(parse_duration("250ms") == milliseconds(250));
  CHECK(parse_duration("30m") == milliseconds(1'800'000));
  CHECK(parse_duration("2h") == milliseconds(7'200'000));
  for (const char* bad : {"", "30", "m", "-5m", "0s", "5 m", "1.5h", "99999999999d", "366d",
                          "9223372036854775808s", "5mm"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("durations are shown in their two largest units") {
  CHECK(duration_text(milliseconds(250)) == "250ms");
  CHECK(duration_text(milliseconds(10'000)) == "10s");
  CHECK(duration_text(milliseconds(1'799'000)) == "29m 59s");
  CHECK(duration_text(milliseconds(3'900'500)) == "1h 5m");
  CHECK(duration_text(milliseconds(3'600'000)) == "1h");
  CHECK(duration_text(milliseconds(86'400'000 + 5)) == "1d");
}

}  // namespace ficus::control
