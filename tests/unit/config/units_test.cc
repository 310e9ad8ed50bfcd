#include "config/units.h"

#include "tests/support/catch.h"

using namespace ficus::config;
using namespace std::chrono_literals;

TEST_CASE("durations are whole numbers with a unit") {
  CHECK(parse_duration("250ms").value == 250ms);
  CHECK(parse_duration("5s").value == 5s);
  CHECK(parse_duration("10m").value == 10min);
  CHECK(parse_duration("1h").value == 1h);
  CHECK(parse_duration("0s").value == 0s);
}

TEST_CASE("a bad duration is told what is wrong with it") {
  CHECK_THAT(parse_duration("").problem, ContainsSubstring("is empty"));
  CHECK_THAT(parse_duration("5").problem, ContainsSubstring("has no unit"));
  CHECK_THAT(parse_duration("s").problem, ContainsSubstring("does not begin with a number"));
  CHECK_THAT(parse_duration("-5s").problem, ContainsSubstring("does not begin with a number"));
  CHECK_THAT(parse_duration("1.5s").problem, ContainsSubstring("has decimals"));
  CHECK_THAT(parse_duration("5 s").problem, ContainsSubstring("has an unknown unit"));
  CHECK_THAT(parse_duration("5sec").problem, ContainsSubstring("has an unknown unit"));
  CHECK_THAT(parse_duration("9999999999999999999999h").problem, ContainsSubstring("is too large"));
}

TEST_CASE("sizes are powers of 1024") {
  CHECK(parse_size("0B").value == 0);
  CHECK(parse_size("256KiB").value == 256 * 1024);
  CHECK(parse_size("4MiB").value == 4 * 1024 * 1024);
  CHECK(parse_size("1GiB").value == 1024 * 1024 * 1024);
  CHECK_THAT(parse_size("64KB").problem, ContainsSubstring("unknown unit"));
  CHECK_THAT(parse_size("64").problem, ContainsSubstring("has no unit"));
}

TEST_CASE("shares have up to two decimals") {
  CHECK(parse_percent("5").value == 500);
  CHECK(parse_percent("0.25").value == 25);
  CHECK(parse_percent("2.5").value == 250);
  CHECK(parse_percent("100").value == 10'000);
  for (const char* bad : {"", ".5", "5.", "1e1", "x", "5,5", "+5", " 5", "5.2x", "nan", "0x5"}) {
    CAPTURE(bad);
    CHECK_THAT(parse_percent(bad).problem, ContainsSubstring("is not a number of percent"));
  }
  CHECK_THAT(parse_percent("-1").problem, ContainsSubstring("is negative"));
  CHECK_THAT(parse_percent("5%").problem, ContainsSubstring("write the number alone"));
  CHECK_THAT(parse_percent("0.125").problem, ContainsSubstring("more than two decimals"));
}

TEST_CASE("what is formatted reads back as itself") {
  for (const char* text : {"0s", "250ms", "90s", "10m", "1h", "168h"}) {
    CHECK(format_duration(*parse_duration(text).value) == text);
  }
  for (const char* text : {"0B", "1023B", "64KiB", "16MiB", "1GiB"}) {
    CHECK(format_size(*parse_size(text).value) == text);
  }
  for (const char* text : {"0", "5", "0.01", "2.5", "99.99", "100"}) {
    CHECK(format_percent(*parse_percent(text).value) == text);
  }
}
