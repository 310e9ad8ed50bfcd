#include "config/findings.h"
#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

TEST_CASE("an empty file says where to read on") {
  for (const char* text : {"", "\n\n", "  \n# only a comment\n", "\xef\xbb\xbf"}) {
    CHECK(told(text) ==
          "f.yaml: is empty; docs/configuration.md shows the smallest useful configuration\n");
  }
  CHECK_FALSE(told("---\n").empty());
  CHECK_FALSE(told("---\n...\n").empty());
  CHECK_FALSE(told("~\n").empty());
}

TEST_CASE("a file that is no map of keys is refused") {
  CHECK(told("- a\n- b\n") ==
        "f.yaml:1:1: is not a map of keys; a configuration begins with `version: 1`\n");
  CHECK_THAT(told("hello"), ContainsSubstring("is not a map of keys"));
}

TEST_CASE("binary, control characters and other encodings are refused at their place") {
  CHECK(told(std::string("version: 1\nab\0c", 15)) ==
        "f.yaml:2:3: holds a NUL byte: this is not a text file\n");
  CHECK(told("version: \x1b[2J") ==
        "f.yaml:1:10: holds a control character: this is not a YAML text\n");
  CHECK(told("version: 1\nrevision: \xff") ==
        "f.yaml:2:11: is not valid UTF-8 here; save the file as UTF-8\n");
  CHECK(told("\xff\xfev\0e\0") == "f.yaml:1:1: is UTF-16; save the file as UTF-8\n");
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5", "\x80", "\xc3", "\xe2\x82"}) {
    CHECK_THAT(told(bad), ContainsSubstring("f.yaml:1:1: is not valid UTF-8"));
  }
}

TEST_CASE("a byte order mark and CRLF are accepted, and places stay right") {
  const std::string good = with_route("weight: 5");
  CHECK(told("\xef\xbb\xbf" + good).empty());
  std::string crlf;
  for (const char c : with_route("weight: 500")) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  CHECK(told(crlf) == told(with_route("weight: 500")));
  CHECK(told("\xef\xbb\xbfwat: 1\n" + good) == told("wat: 1\n" + good));
}

TEST_CASE("a file over the limit is refused before it is parsed") {
  CHECK(told(std::string(10 * 1024 * 1024, 'a')) ==
        "f.yaml: is larger than 4MiB, the most that is read\n");
}

TEST_CASE("a tab in the indentation is named with its place") {
  CHECK(told("version: 1\ndrain:\n\tdelay: 1s\n") ==
        "f.yaml:3:1: a tab in the indentation; YAML indents with spaces\n");
  CHECK_THAT(told("drain:\n  \tdelay: 1s\n"), ContainsSubstring("f.yaml:2:3: a tab"));
  CHECK(told(with_line("revision: a\tb")).empty());
  CHECK(told(with_line("\t# a comment\n\t")).empty());
}

TEST_CASE("broken YAML is told with line and column") {
  const std::string all = told("version: 1\nlisteners: [{address: 1\n");
  CHECK_THAT(all, ContainsSubstring("f.yaml:"));
  CHECK_THAT(all, ContainsSubstring("is not YAML: "));
  CHECK_THAT(told("a: b: c\n"), ContainsSubstring("f.yaml:1:5: is not YAML: "));
}

TEST_CASE("a variable without quotes inside a flow map is told to be put into quotes") {
  CHECK_THAT(told(with_route("weight: ${W}")),
             ContainsSubstring("is not YAML: ") && ContainsSubstring("write ${…} in quotes"));
  CHECK_THAT(told("a: {b: ${W}\n"), ContainsSubstring("write ${…} in quotes"));
  CHECK_THAT(told("a: ${W}\nb: c\nd: {\n"), !ContainsSubstring("in quotes"));
}

TEST_CASE("several documents in one file are refused") {
  CHECK_THAT(told(with_route("weight: 5") + "---\nversion: 1\n"),
             ContainsSubstring("a second YAML document"));
}

TEST_CASE("a duplicate key names both places") {
  CHECK(told(with_line("drain: {delay: 1s}\ndrain: {delay: 2s}")) ==
        "f.yaml:2:1: drain: a duplicate key; it is already given in line 1\n");
  CHECK(told(with_route("weight: 5, weight: 6")) ==
        "f.yaml:7:62: routes[0].weight: a duplicate key; it is already given in line 7\n");
  CHECK_THAT(told(with_line("drain: {delay: 1s, 'delay': 2s}")),
             ContainsSubstring("f.yaml:1:20: drain.delay: a duplicate key"));
}

TEST_CASE("an alias stands for its anchor, and a bomb of them is refused") {
  CHECK(
      told(with_routes("  - {name: a, match: {path: /a}, legacy: old-shop, guard: &g {mode: off}}\n"
                       "  - {name: b, match: {path: /b}, legacy: old-shop, guard: *g}\n"))
          .empty());
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + before;
    bomb += "]\n";
  }
  CHECK_THAT(told(bomb), ContainsSubstring("more than 200000 values"));
  CHECK_THAT(told("a: &a [*a]\n"), ContainsSubstring("an alias to a value that holds the alias"));
  CHECK_THAT(told("a: *none\n"), ContainsSubstring("f.yaml:1:4: "));
}

TEST_CASE("nesting is limited, through aliases too") {
  CHECK_THAT(told("a: " + std::string(100, '[')), ContainsSubstring("deeper than 64 levels"));
  CHECK_THAT(told("a: " + std::string(1'000'000, '[')), ContainsSubstring("deeper than 64"));
  CHECK_THAT(told(std::string(1'000'000, '{')), ContainsSubstring("f.yaml:1:"));
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) {
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  CHECK_THAT(told(deep), ContainsSubstring("deeper than 64 levels"));
}

TEST_CASE("too many values are refused") {
  std::string many = "include: [";
  for (int i = 0; i < 250'000; ++i) many += "a,";
  CHECK_THAT(told(many + "]"), ContainsSubstring("more than 200000 values"));
}

TEST_CASE("tags, merge keys and keys that are no texts are refused") {
  CHECK_THAT(told(with_line("workers: !!int 3")),
             ContainsSubstring("f.yaml:1:10: workers: a YAML tag"));
  CHECK_THAT(told(with_line("drain: {<<: {delay: 1s}}")),
             ContainsSubstring("merge keys are not supported"));
  CHECK_THAT(told("? [a]\n: b\n"), ContainsSubstring("a key must be a plain text"));
  CHECK_THAT(told("~: b\n"), ContainsSubstring("a key must be a plain text"));
}

TEST_CASE("a report is bounded and safe for a terminal") {
  std::string many = "version: 1\n";
  for (int i = 0; i < 5'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  const LoadOutcome outcome = Scripted().load(many);
  CHECK(outcome.diagnostics.size() == Findings::kMost + 1);
  CHECK_THAT(told(with_line("\"a\\e[2Jb\": 1")), ContainsSubstring("a\\x1b[2Jb"));
  CHECK(backquoted(std::string(200, 'x')).size() < 100);
}

TEST_CASE("a configuration cut at any byte is an error or a configuration, never a crash") {
  const std::string whole = with_route(
      "weight: 5, sticky: {by: [\"header:A\", generated]}, guard: {failures: {statuses: [404]}}");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const LoadOutcome outcome = Scripted().load(whole.substr(0, length));
    CHECK(outcome.config.has_value() == outcome.diagnostics.empty());
  }
}
