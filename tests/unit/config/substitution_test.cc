#include "config/substitution.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

const Scripted kAround{
    {{"NAME", "value"}, {"EMPTY", ""}, {"WEIGHT", "50"}, {"DEEP", "${NAME}"}},
    {{"/etc/key", "s3cret\n"}, {"/etc/crlf", "s3cret\r\n"}, {"/etc/two", "a\n\n"}},
    {}};

std::string put_in(const std::string& text) {
  const Substitution result = substitute(text, kAround.environment());
  REQUIRE(result.problems.empty());
  return result.text;
}

std::string problem(const std::string& text) {
  const Substitution result = substitute(text, kAround.environment());
  REQUIRE(result.problems.size() == 1);
  return result.problems.front();
}

}  // namespace

TEST_CASE("variables, defaults and files are put in") {
  CHECK(put_in("${NAME}") == "value");
  CHECK(put_in("a-${NAME}-${NAME}-b") == "a-value-value-b");
  CHECK(put_in("${NONE:-other}") == "other");
  CHECK(put_in("${EMPTY:-other}") == "other");
  CHECK(put_in("${EMPTY}").empty());
  CHECK(put_in("${NONE:-}").empty());
  CHECK(put_in("${file:/etc/key}") == "s3cret");
  CHECK(put_in("${file:/etc/crlf}") == "s3cret");
  CHECK(put_in("${file:/etc/two}") == "a\n");
}

TEST_CASE("a doubled dollar is a literal, and a lone one is left alone") {
  CHECK(put_in("$${NAME}") == "${NAME}");
  CHECK(put_in("a$${b") == "a${b");
  CHECK(put_in("$NAME $ 5$") == "$NAME $ 5$");
}

TEST_CASE("what was put in is not looked at again") { CHECK(put_in("${DEEP}") == "${NAME}"); }

TEST_CASE("a bad substitution names itself and the mend") {
  CHECK(problem("${NONE}") ==
        "`${NONE}`: the variable is not set; set it, or give a default: ${NONE:-value}");
  CHECK_THAT(problem("${file:/none}"), ContainsSubstring("the file cannot be read: No such file"));
  CHECK_THAT(problem("${file:key}"), ContainsSubstring("must begin with /"));
  CHECK_THAT(problem("${NAME"), ContainsSubstring("has no `}` after it"));
  CHECK_THAT(problem("${}"), ContainsSubstring("is not a variable's name"));
  CHECK_THAT(problem("${1A}"), ContainsSubstring("is not a variable's name"));
  CHECK_THAT(problem("${A-b}"), ContainsSubstring("is not a variable's name"));
}

TEST_CASE("a substituted number is a number, in quotes too") {
  const LoadOutcome outcome = kAround.load(with_route("weight: \"${WEIGHT}\""));
  REQUIRE(outcome.config);
  CHECK(outcome.config->routes[0].weight.percent() == 50);
}

TEST_CASE("substitution reports its place") {
  CHECK(told(with_line("revision: ${NONE}")) ==
        "f.yaml:1:11: revision: `${NONE}`: the variable is not set; set it, or give a default: "
        "${NONE:-value}\n");
}

TEST_CASE("a value that cannot be put in is one error, wherever it stands") {
  for (const char* where :
       {"weight: \"${file:/none}\"", "writes: \"${file:/none}\"",
        "match: {path: \"${file:/none}\"}", "match: {path_regex: \"${file:/none}\"}",
        "match: {methods: [\"${file:/none}\"]}",
        "override: {header: X-A, secret: \"${file:/none}\"}",
        "guard: {slow_start: \"${file:/none}\"}", "fallback: {on: [\"${NONE}\"]}"}) {
    CAPTURE(where);
    const std::string all = told(with_route(where), kAround);
    CHECK(std::count(all.begin(), all.end(), '\n') == 1);
  }
  const auto once = [](const std::string& text) {
    CAPTURE(text);
    const std::string all = told(text, kAround);
    CAPTURE(all);
    CHECK(std::count(all.begin(), all.end(), '\n') == 1);
    CHECK_THAT(all, ContainsSubstring("`${file:/none}`: the file cannot be read"));
  };
  for (const char* where :
       {"access_log: {path: \"${file:/none}\"}", "access_log: {path: \"/a/${file:/none}\"}",
        "state_dir: \"${file:/none}\"", "admin: {address: \"${file:/none}\"}",
        "user: \"${file:/none}\"\ngroup: daemon", "include: [\"${file:/none}\"]",
        "include: [\"${file:/none}/a.yaml\"]", "limits: {max_header_bytes: \"${file:/none}\"}"}) {
    once(with_line(where));
  }
  // Routes that may well be told apart by what is not known.
  for (const char* match : {"path: \"${file:/none}\"", "path_prefix: \"${file:/none}\"",
                            "hosts: [\"${file:/none}\"]", "headers: {A: \"${file:/none}\"}"}) {
    once(with_routes("  - {name: a, legacy: old-shop}\n  - {name: b, legacy: old-shop, match: {" +
                     std::string(match) + "}}\n"));
  }
  for (const char* backend :
       {"endpoints: [\"${file:/none}\"], tls: {ca: /ca.crt}",
        "endpoints: [\"https://a:1\"], tls: {ca: \"${file:/none}\"}",
        "endpoints: [\"https://a:1\"], tls: {certificate: \"${file:/none}\", private_key: /k}",
        "endpoints: [\"http://a:1\"], outlier_detection: "
        "{base_ejection_time: \"${file:/none}\", max_ejection_time: 5s}",
        "endpoints: [\"http://a:1\"], health_check: {path: \"${file:/none}\"}"}) {
    once("version: 1\nlisteners: [{address: 0.0.0.0:8080}]\nbackends: {b: {" +
         std::string(backend) + "}}\nroutes: [{name: a, legacy: b}]\n");
  }
  once(
      "version: 1\nlisteners: [{address: \"${file:/none}\"}, {address: 0.0.0.0:8080, tls: "
      "{certificates: [{certificate: /c, private_key: /k}]}}]\n"
      "backends: {b: {endpoints: [\"http://a:1\"]}}\nroutes: [{name: a, legacy: b}]\n");
  once(
      "version: 1\nlisteners: [{address: 0.0.0.0:8080, tls: {certificates: [{certificate: "
      "\"${file:/none}\", private_key: /k}]}}]\n"
      "backends: {b: {endpoints: [\"http://a:1\"]}}\nroutes: [{name: a, legacy: b}]\n");
  // What the file would have included is not missed.
  once(
      "version: 1\nlisteners: [{address: 0.0.0.0:8080}]\ninclude: [\"${file:/none}\"]\n"
      "routes: [{name: a, legacy: b}]\n");
  const std::string address = told(with_line("workers: \"${file:/none}\""), kAround);
  CHECK_THAT(address, ContainsSubstring("the file cannot be read"));
  CHECK(std::count(address.begin(), address.end(), '\n') == 1);
}

TEST_CASE("keys are not substituted") {
  CHECK_THAT(told(with_line("${NAME}: 1"), kAround), ContainsSubstring("is an unknown key"));
}

TEST_CASE("what was put in is never shown") {
  const Scripted around{
      {{"S", "hunter2 hunter2"}, {"LONG", std::string(70'000, 'x')}}, {{"/k", "hunter2\x01"}}, {}};
  for (const char* where :
       {"name: x, weight: \"${S}\"", "weight: 5, writes: \"${S}\"", "sticky: {by: [\"${S}\"]}",
        "match: {path: \"${S}\", hosts: [\"${S}\"], methods: [\"${S}\"]}",
        "match: {headers: {A: \"${file:/k}\"}}", "override: {header: \"${S}\", secret: \"${S}\"}",
        "override: {cookie: \"${file:/k}\", from: [\"${S}\"]}", "fallback: {on: [\"${S}\"]}",
        "fallback: {on: [reset], max_body: \"${S}\"}", "guard: {failures: {header: \"${S}\"}}",
        "guard: {failures: {statuses: \"${S}\"}}", "guard: {slow_start: \"${S}\"}",
        "guard: \"${S}\"", "guard: {judge: {window: \"${S}\", min_requests: \"${S}\"}}",
        "assign: [{match: {from: [\"${S}\"]}, side: \"${S}\"}]"}) {
    CAPTURE(where);
    const std::string all = told(with_route(where), around);
    CHECK_FALSE(all.empty());
    CHECK(all.find("hunter2") == std::string::npos);
  }
  const std::string globals = told(
      "version: \"${S}\"\nworkers: \"${S}\"\nstate_dir: ${S}\nlisteners: [{address: \"${S}\"}]\n"
      "admin: {address: \"${S}\"}\nbackends: {a: {endpoints: [\"${S}\"]}}\n"
      "include: [\"${S}\"]\nroutes: [{name: \"${S}\", legacy: \"${S}\"}, {name: \"${S}\"}]\n",
      around);
  CHECK_FALSE(globals.empty());
  CHECK(globals.find("hunter2") == std::string::npos);
}

TEST_CASE("a secret in the file itself is not shown either") {
  CHECK(told(with_route("override: {header: X-A, secret: {hunter2: hunter2}}")).find("hunter2") ==
        std::string::npos);
  CHECK(told(with_route("override: {header: X-A, secret: [hunter2]}")).find("hunter2") ==
        std::string::npos);
}

TEST_CASE("values too large together are refused") {
  Scripted around;
  around.files["/big"] = std::string(60'000, 'x');
  std::string text = with_route("weight: 5") + "include: [";
  for (int i = 0; i < 400; ++i) text += "\"${file:/big}\",";
  CHECK_THAT(told(text + "]\n", around), ContainsSubstring("too large together"));
}
