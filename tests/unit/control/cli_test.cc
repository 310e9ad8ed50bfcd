#include "control/cli/cli.h"

#include <iostream>
#include <sstream>

#include "control/cli/admin_client.h"
#include "control/cli/status_text.h"
#include "tests/support/catch.h"

namespace ficus::control {
namespace {

// What a command line says and returns.
struct Run {
  explicit Run(std::vector<std::string> arguments) {
    std::streambuf* const out_before = std::cout.rdbuf(out.rdbuf());
    std::streambuf* const err_before = std::cerr.rdbuf(err.rdbuf());
    code = run_cli(std::move(arguments));
    std::cout.rdbuf(out_before);
    std::cerr.rdbuf(err_before);
  }
  int code = 0;
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace

TEST_CASE("help and version are answers, not errors") {
  CHECK(Run({"--help"}).code == kOk);
  CHECK(Run({"weight", "--help"}).code == kOk);
  const Run version({"--version"});
  CHECK(version.code == kOk);
  CHECK_THAT(version.out.str(), ContainsSubstring("ficus "));
}

TEST_CASE("a wrong command line is one line and exit 2") {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {},
           {"nonsense"},
           {"status", "--nonsense"},
           {"run"},
           {"weight", "shop"},
           {"weight", "shop", "5"},
           {"weight", "shop", "five", "--reason", "r"},
           {"weight", "shop", "101", "--reason", "r"},
           {"weight", "shop", "0.001", "--reason", "r"},
           {"weight", "shop", "5", "--from-file", "--reason", "r"},
           {"weight", "shop", "5", "--reason", "r", "--for", "soon"},
           {"weight", "shop", "5", "--reason", ""},
           {"rollback", "--reason", "r"},
           {"rollback", "shop", "--all", "--reason", "r"},
           {"rollback", "shop"},
           {"status", "--admin", "nonsense"},
           {"status", "--admin", "https://127.0.0.1:9901"},
           {"check", "/nonexistent/ficus.yaml"},
       }) {
    const Run run(line);
    INFO(run.err.str());
    CHECK(run.code == kUsage);
    CHECK_FALSE(run.err.str().empty());
  }
}

TEST_CASE("the command help is the option --help, also of a command") {
  const Run help({"help"});
  CHECK(help.code == kOk);
  CHECK(help.out.str() == Run({"--help"}).out.str());
  CHECK_FALSE(help.out.str().empty());
  CHECK(Run({"help", "weight"}).out.str() == Run({"weight", "--help"}).out.str());
}

TEST_CASE("an unknown command is named") {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"stauts"}, {"help", "stauts"}, {"stauts", "--json"}}) {
    const Run run(line);
    CHECK(run.code == kUsage);
    CHECK_THAT(run.err.str(), ContainsSubstring("unknown command 'stauts'; see ficus --help"));
  }
}

TEST_CASE("what comes later is named as such") {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"why", "shop"}, {"migrate"}, {"weight", "shop", "0", "--drain", "--reason", "r"}}) {
    const Run run(line);
    CHECK(run.code == kUsage);
    CHECK_THAT(run.err.str(), ContainsSubstring("not in this version"));
  }
}

TEST_CASE("nobody at the admin address is exit 4, of several exit 1") {
  const Run one({"status", "--admin", "http://127.0.0.1:1"});
  CHECK(one.code == kUnreachable);
  CHECK_THAT(one.err.str(), ContainsSubstring("cannot be reached"));
  const Run two(
      {"rollback", "--all", "--reason", "r", "--admin", "http://127.0.0.1:1,http://[::1]:1"});
  CHECK(two.code == kFailed);
}

TEST_CASE("one address that is none keeps no call from the others") {
  const Run run({"rollback", "--all", "--reason", "r", "--admin", "nonsense,http://127.0.0.1:1"});
  CHECK(run.code == kFailed);
  CHECK_THAT(run.err.str(), ContainsSubstring("'nonsense' is not a URL"));
  CHECK_THAT(run.err.str(), ContainsSubstring("http://127.0.0.1:1 cannot be reached"));
}

TEST_CASE("admin URLs have a host and perhaps a port") {
  CHECK(AdminUrl::parse("http://127.0.0.1:9901")->port == "9901");
  CHECK(AdminUrl::parse("http://[::1]:9901/")->host == "::1");
  CHECK(AdminUrl::parse("http://proxy")->port == "80");
  for (const char* bad :
       {"", "127.0.0.1:9901", "http://", "http://:80", "http://a:", "http://a:b", "http://a/b"}) {
    INFO(bad);
    CHECK_FALSE(AdminUrl::parse(bad));
  }
}

TEST_CASE("status is a line for a route in order and a block for one that is not") {
  const std::string text = status_text(
      R"({"version": "0.1.0", "ready": true, "config": {"last_load_succeeded": true}, "routes": [
        {"name": "shop", "weight": 5, "sides": {"legacy": {"per_second": {"1m": 12.5}}, "new": {}},
         "guard": {"mode": "enforce"}},
        {"name": "catalog", "weight": 0, "latched": true,
         "latch": {"since": "2026-03-01T02:47:11.250Z", "by": "guard", "reason": "6 of 6 failed"},
         "last_decision": {"verdict": "rollback", "users_saw_errors": 0, "fallbacks": 6}}]})",
      "");
  CHECK_THAT(text, ContainsSubstring("shop          5 % new"));
  CHECK_THAT(text, ContainsSubstring("12.5/s"));
  CHECK_THAT(text, ContainsSubstring("ON LEGACY since 02:47:11 (rollback by guard)"));
  CHECK_THAT(text, ContainsSubstring("users saw 0 errors, 6 fallbacks"));
  CHECK_THAT(text, ContainsSubstring("  why    6 of 6 failed"));
  CHECK_THAT(text, ContainsSubstring("ficus rearm catalog"));
}

TEST_CASE("an answer that is no JSON does not break the view") {
  CHECK_FALSE(status_text("nonsense", "").empty());
  CHECK_FALSE(routes_text("[]", "").empty());
  CHECK_FALSE(change_text("{}", "").empty());
}

}  // namespace ficus::control
