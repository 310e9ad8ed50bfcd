#include "control/cli/explanation.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace ficus::control {
namespace {

// One route at 5 % with these further keys, asked what another share would change.
std::string explained(const std::string& route, double at, const std::string& header = {}) {
  const tests::TemporaryFolder folder;
  const auto file = folder.write(
      "f.yaml",
      "version: 1\nlisteners: [{address: 127.0.0.1:80}]\nbackends:\n"
      "  old: {endpoints: [\"http://127.0.0.1:1\"]}\n  new: {endpoints: [\"http://127.0.0.1:2\"]}\n"
      "routes:\n  - {name: shop, legacy: old, new: new, weight: 5, match: {path_prefix: /}" +
          route + "}\n");
  Question question;
  question.method = "GET";
  question.url = "/";
  if (!header.empty()) question.headers = {header};
  question.weight = config::Weight::from_percent(at);
  const Explanation explanation = explain(file.string(), question);
  CHECK(explanation.faults.empty());
  return explanation.text;
}

const std::string kSticky = ", sticky: {by: [\"header:X-User\"]}";

}  // namespace

TEST_CASE("explain at another share says which share of keys moves, and whether this one does") {
  bool moved = false;
  bool stayed = false;
  for (int user = 0; user < 100; ++user) {
    std::string header = "X-User: ";
    header += std::to_string(user);
    const std::string text = explained(kSticky, 20, header);
    CHECK_THAT(text, ContainsSubstring(
                         "moves    between 5 % (the file) and 20 %: 15 % of keys move to new; "
                         "this key: "));
    const bool was_new = explained(kSticky, 5, header).find("side     new") != std::string::npos;
    const bool is_new = text.find("side     new") != std::string::npos;
    CHECK((was_new ? is_new : true));
    std::string fate = is_new == was_new ? "this key: stays on " : "this key: moves to ";
    fate += is_new ? "new\n" : "legacy\n";
    CHECK_THAT(text, ContainsSubstring(fate));
    moved = moved || was_new != is_new;
    stayed = stayed || was_new == is_new;
  }
  CHECK(moved);
  CHECK(stayed);
}

TEST_CASE("explain takes the host from a Host header, however its name is spelt") {
  for (const char* header : {"Host: b.example", "host: b.example", "HOST: b.example",
                             "hOsT:b.example", "Host:  b.example "}) {
    CAPTURE(header);
    const std::string text = explained("", 5, header);
    CHECK_THAT(text, ContainsSubstring("X-Forwarded-Host: b.example\n"));
    CHECK_THAT(text, !ContainsSubstring("localhost"));
  }
  // A name that only begins so is another header.
  CHECK_THAT(explained("", 5, "Hostess: b.example"),
             ContainsSubstring("\nHost: localhost\n") && ContainsSubstring("Hostess: b.example\n"));
}

TEST_CASE("explain at a lower share says what moves back") {
  CHECK_THAT(explained(kSticky, 0, "X-User: a"),
             ContainsSubstring("between 5 % (the file) and 0 %: 5 % of keys move to legacy; "
                               "this key: "));
  CHECK_THAT(explained(kSticky, 5, "X-User: a"), ContainsSubstring("no keys move"));
}

TEST_CASE("explain at another share knows requests without a key, and those that a rule decides") {
  CHECK_THAT(explained(kSticky, 20), ContainsSubstring("15 % of keys move to new\n"));
  CHECK_THAT(explained("", 20), ContainsSubstring("15 % of requests move to new\n"));
  const std::string assign = ", assign: [{match: {headers: {X-Bot: y}}, side: legacy}]";
  CHECK_THAT(explained(assign, 20, "X-Bot: y"),
             ContainsSubstring("15 % of requests move to new; this request, whatever the share: "
                               "stays on legacy\n"));
}

}  // namespace ficus::control
