#include "control/cli/demo/panel.h"

#include "control/cli/demo/summary.h"
#include "tests/support/catch.h"

using namespace ficus::control::demo;

namespace {

Live busy() {
  Live live;
  live.seconds = 12;
  live.weight = 50;
  live.legacy_rate = 201;
  live.new_rate = 199;
  live.without_fallback = {600, 600, 9, 3, 1212};
  live.with_fallback = {600, 600, 0, 2, 1202};
  return live;
}

std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace

TEST_CASE("the live lines show the share, the rates and what users saw fail") {
  const auto lines = panel(busy(), {});
  REQUIRE(lines.size() == 4);
  CHECK_THAT(lines[0], ContainsSubstring("50 %"));
  CHECK_THAT(lines[1], ContainsSubstring("201/s"));
  CHECK_THAT(lines[3], ContainsSubstring("12 without fallback, 2 with, of 2,414 requests"));
}

TEST_CASE("a rollback and what is wrong with the new shop are shown") {
  Live live = busy();
  live.rolled_back = true;
  live.new_shop = Condition::hangs;
  const auto lines = panel(live, {});
  CHECK_THAT(lines[0], ContainsSubstring("ON LEGACY"));
  CHECK_THAT(lines[2], ContainsSubstring("hangs"));
}

TEST_CASE("the live lines fit a terminal of any width") {
  for (std::size_t width = 20; width < 200; width += 7) {
    for (const std::string& line : panel(busy(), {false, true, width})) {
      CHECK(columns(line) < width);
    }
  }
}

TEST_CASE("without colour there is no escape sequence, without UTF-8 no byte above 127") {
  for (const std::string& line : panel(busy(), {false, false, 80})) {
    CHECK(line.find('\x1b') == std::string::npos);
    for (const char c : line) CHECK(static_cast<unsigned char>(c) < 128);
  }
  CHECK(panel(busy(), {true, false, 80})[0].find('\x1b') != std::string::npos);
}

TEST_CASE("cutting a coloured text keeps the sequence that ends the colour") {
  CHECK(fitted("\x1b[31mabcdef\x1b[0m", 3) == "\x1b[31mabc\x1b[0m");
  CHECK(fitted("äöü", 2) == "äö");
  CHECK(fitted("", 5).empty());
  CHECK(fitted("\x1b[3", 5) == "\x1b[3");
}

TEST_CASE("large numbers are grouped") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
}

TEST_CASE("the verdict names each sentence that did not hold, or counts those that did") {
  CHECK(verdict({{true, "a"}, {true, "b"}}) == std::vector<std::string>{"all 2 claims held"});
  CHECK(verdict({{true, "a"}, {false, "b"}}) == std::vector<std::string>{"did not hold: b"});
}

TEST_CASE("the table has a line for each break with its own figures") {
  const auto lines = break_table({{Condition::hangs, 1.25, {0, 0, 6, 2, 8}, {0, 0, 0, 1, 1}, ""}});
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[1], ContainsSubstring("hangs"));
  CHECK_THAT(lines[1], ContainsSubstring("1.25 s"));
  CHECK_THAT(lines[1], ContainsSubstring("8 / 0, 1"));
}
