#include "tests/unit/config/advising.h"

using namespace ficus::config;

namespace {

const std::string kRoute = "{name: shop, legacy: old-shop, new: new-shop, guard: off, " + kKept;

// One route in line 7 with W01, with `comment` behind it.
std::string behind(const std::string& comment) {
  return warned(sound("  - " + kRoute + "}  " + comment + "\n"));
}

// A file in block style: a route with W01 and another, one key a line.
std::string blocks(const std::string& above, const std::string& within) {
  return sound(above +
               "  - name: shop\n"
               "    legacy: old-shop\n" +
               within +
               "    new: new-shop\n"
               "    guard: off\n"
               "    writes: none\n"
               "  - name: next\n"
               "    match: {path: /next}\n"
               "    legacy: old-shop\n"
               "    new: new-shop\n"
               "    guard: off\n"
               "    writes: none\n");
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t i = text.find(part); i != text.npos; i = text.find(part, i + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a comment behind an item or above it allows a warning there") {
  CHECK_FALSE(behind("").empty());
  CHECK(behind("# ficus: allow W01 a demo").empty());
  CHECK(behind("#ficus:allow W01: a demo").empty());
  CHECK(
      warned(sound("  # ficus: allow W01 a demo\n  # and prose\n\n  - " + kRoute + "}\n")).empty());
}

TEST_CASE("an allowance holds for its item alone") {
  const std::string allow = "# ficus: allow W01 it is known\n";
  CHECK(count(warned(blocks("", "")), "W01") == 2);
  for (const std::string& text : {blocks("  " + allow, ""), blocks("", "    " + allow)}) {
    const std::string left = warned(text);
    CHECK(count(left, "W01") == 1);
    CHECK_THAT(left, ContainsSubstring("routes[1].guard"));
  }
  // Deeper than what follows, it ends the item above.
  const std::string text = blocks("", "");
  const std::size_t next = text.find("  - name: next");
  CHECK_THAT(warned(std::string(text).insert(next, "    " + allow)),
             ContainsSubstring("routes[1].guard") && !ContainsSubstring("routes[0]"));
  CHECK_THAT(warned(std::string(text).insert(next, "  " + allow)),
             ContainsSubstring("routes[0].guard") && !ContainsSubstring("routes[1]"));
}

TEST_CASE("above a key of the top level it holds for all under it, above the first for the file") {
  const std::string text = blocks("", "");
  const std::string allow = "# ficus: allow W01 it is known\n";
  CHECK(warned(std::string(text).insert(text.find("routes:"), allow)).empty());
  CHECK(warned(allow + text).empty());
  CHECK(warned("\n# about this file\n" + allow + text).empty());
  CHECK(warned("---\n" + allow + text).empty());
  CHECK(warned("\xef\xbb\xbf" + allow + text).empty());
}

TEST_CASE("a backend's warning is allowed at the backend") {
  const std::string text = with_route("weight: 5, writes: none");
  const std::string allow = "  # ficus: allow W09 it has no page for that\n";
  CHECK(count(warned(text), "W09") == 1);
  CHECK(warned(std::string(text).insert(text.find("  new-shop:"), allow)).empty());
  CHECK(count(warned(std::string(text).insert(text.find("  old-shop:"), allow)), "warning W09") ==
        1);
}

TEST_CASE("an included file's comments hold there") {
  Scripted around;
  around.files["more.yaml"] =
      "routes:\n  # ficus: allow W01 known\n  - {name: a, match: {path: /a}, legacy: old-shop, "
      "new: new-shop, guard: off, writes: none}\n";
  const std::string main = sound("  - " + kRoute + "}\n") + "include: [more.yaml]\n";
  const std::string left = warned(main, around);
  CHECK(count(left, "W01") == 1);
  CHECK_THAT(left, ContainsSubstring("f.yaml:7:"));
  CHECK(count(warned("# ficus: allow W01 known\n" + main, around), "W01") == 0);
}

TEST_CASE("an allowance without a reason or with a wrong code is an error that says so") {
  const auto fault = [](const std::string& comment) {
    const LoadOutcome outcome = Scripted().load(sound("  - " + kRoute + "}  " + comment + "\n"));
    CHECK(outcome.config);
    const Diagnostics found = unallowed(outcome.advice);
    REQUIRE(found.size() == 2);  // W01 is still told
    CHECK(found.back().severity == Severity::error);
    return found.back().text();
  };
  CHECK_THAT(fault("# ficus: allow W01"),
             ContainsSubstring("f.yaml:7:") && ContainsSubstring("gives no reason"));
  CHECK_THAT(fault("# ficus: allow"), ContainsSubstring("names no warning"));
  CHECK_THAT(fault("# ficus: allow W1 so"),
             ContainsSubstring("there is no warning `W1`; did you mean `W01`?"));
  CHECK_THAT(fault("# ficus: allow guard so"), ContainsSubstring("there is no warning `guard`"));
  CHECK_THAT(fault("# ficus: alow W01 so"), ContainsSubstring("is not understood"));
  CHECK_THAT(fault("# ficus allow W01 so"), ContainsSubstring("is not understood"));
}

TEST_CASE("prose that names the program is no allowance") {
  const std::string text = sound_route(kKept);
  CHECK(warned("# ficus: the proxy before the shop\n# ficus allows both\n" + text).empty());
}

TEST_CASE("an allowance of what is not there is a warning without a code") {
  CHECK_THAT(behind("# ficus: allow W06 old"),
             ContainsSubstring("warning: # ficus: allow W06: there is no such warning for "
                               "routes[0]; remove the comment"));
  CHECK_THAT(behind("# ficus: allow W07 old"), ContainsSubstring("this version never warns of"));
  // Whether these come depends on the day and the name service.
  CHECK(count(behind("# ficus: allow W15 one host"), "W15") == 0);
  CHECK(count(behind("# ficus: allow W14 replaced by hand"), "W14") == 0);
}

TEST_CASE("a # in quotes, in a block scalar or within a word is no comment") {
  const std::string directive = "# ficus: allow W01 no";
  const auto in_revision = [&](const std::string& value) {
    return count(warned(sound("  - " + kRoute + "}\n") + "revision: " + value + "\n"), "W0");
  };
  for (const std::string& value : std::vector<std::string>{
           "\"x " + directive + "\"", "'x '' " + directive + "'", "\"x \\\" " + directive + "\"",
           "\"x\n  " + directive + "\n  y\"", "|\n  x\n  " + directive + "\n  y",
           "|\n\n   x\n\n   " + directive, ">-\n  " + directive, "|2\n    x\n  " + directive,
           "&a \"x " + directive + "\"", "x#ficus:allow W01 no", "it's a#ficus:allow W01 no"}) {
    CAPTURE(value);
    CHECK(in_revision(value) == 1);
  }
}

TEST_CASE("comments are found behind quotes, block scalars and apostrophes") {
  const std::string allow = " # ficus: allow W01 known\n";
  const auto with = [&](const std::string& value) {
    return warned("revision: " + value + sound("  - " + kRoute + "}" + allow));
  };
  for (const std::string value :
       {"\"x # y\"\n", "'it''s'\n", "it's # so\n", "|\n  it's\n", "|  # c\n  \"x\n", ">2\n   x\n",
        "don't\n  'do\n", "\"a\n  b\"\n", "&a 'x'\n", "\"\\\\\"\n", "\"é\"\r\n", "|\n\n"}) {
    CAPTURE(value);
    CHECK(with(value).empty());
  }
  CHECK(warned("\"revision\": \"#\"\n" + sound("  - " + kRoute + "}" + allow)).empty());
}

TEST_CASE("a file cut anywhere is never worse than refused") {
  const std::string whole = "# ficus: allow W02 known\nrevision: |\n  # ficus: allow W01 no\n" +
                            blocks("  # ficus: allow W01 known\n", "    # ficus: allow W03 x\n");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const LoadOutcome outcome = Scripted().load(whole.substr(0, length));
    for (const Diagnostic& one : unallowed(outcome.advice)) CHECK_FALSE(one.text().empty());
  }
}
