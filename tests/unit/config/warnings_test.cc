#include <chrono>
#include <fstream>
#include <sstream>

#include "config/recognition.h"
#include "config/warning_table.h"
#include "tests/unit/config/advising.h"

using namespace ficus::config;

namespace {

bool warns_of_route(const std::string& code, const std::string& more) {
  return warns(code, sound_route(more));
}

std::string with_defaults(const std::string& defaults, const std::string& routes) {
  return sound(routes) + "defaults: {" + defaults + "}\n";
}

std::string read(const std::string& path) {
  std::ifstream file(FICUS_SOURCE_DIR "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a route that keeps its clients and is guarded is warned of nothing") {
  CHECK(warned(sound_route(kKept + ", weight: 5")).empty());
  CHECK(warned(sound("  - {name: shop, legacy: old-shop}\n")).empty());
}

TEST_CASE("the smallest useful file is told what it lacks, with line and column") {
  CHECK_THAT(warned(with_route("weight: 5")),
             ContainsSubstring("f.yaml:5:3: warning W09: backends.new-shop: has no health check") &&
                 ContainsSubstring("f.yaml:7:5: warning W04: routes[0]: POST and other"));
}

TEST_CASE("W01: both sides and the guard off") {
  CHECK(warns_of_route("W01", "guard: off"));
  CHECK(warns_of_route("W01", "guard: {mode: off}"));
  CHECK_FALSE(warns_of_route("W01", "guard: {mode: observe}"));
  CHECK_FALSE(warns("W01", sound("  - {name: shop, legacy: old-shop, guard: off}\n")));
}

TEST_CASE("W01: said once where the defaults turn the guard off") {
  const std::string routes =
      "  - {name: a, match: {path: /a}, legacy: old-shop, new: new-shop, " + kKept +
      "}\n  - {name: b, match: {path: /b}, legacy: old-shop, new: " + "new-shop, " + kKept + "}\n";
  const std::string text = warned(with_defaults("guard: off", routes));
  CHECK_THAT(text, ContainsSubstring("f.yaml:9:19: warning W01: defaults.guard: "));
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("W02: sticky by the client's address, and nobody says who the balancers are") {
  CHECK(warns_of_route("W02", "sticky: {by: [\"cookie:uid\", client_ip]}"));
  CHECK_FALSE(warns_of_route("W02", "sticky: {by: [\"cookie:uid\", generated]}"));
  CHECK_FALSE(warns_of_route("W02", "sticky: off"));
  const std::string sources = "sticky: {by: [client_ip]}";
  CHECK(warns("W02", with_defaults(sources, "  - {name: a, legacy: old-shop, new: new-shop}\n")));
  CHECK_FALSE(warns("W02", with_defaults(sources, "  - {name: a, legacy: old-shop}\n")));
  CHECK_FALSE(warns(
      "W02",
      with_defaults(sources, "  - {name: a, legacy: old-shop, new: new-shop, sticky: off}\n")));
}

TEST_CASE("W03: a private range decides about sides, and nobody says who the balancers are") {
  for (const char* range : {"10.0.0.0/8", "192.168.1.7", "0.0.0.0/0", "127.0.0.1", "fd00::/8"}) {
    CAPTURE(range);
    CHECK(warns_of_route("W03", "override: {header: A, from: [\"" + std::string(range) + "\"]}"));
    CHECK(warns_of_route("W03",
                         "assign: [{match: {from: [\"" + std::string(range) + "\"]}, side: new}]"));
  }
  CHECK_FALSE(
      warns_of_route("W03", "override: {header: A, from: [192.0.2.0/24, \"2001:db8::1\"]}"));
  CHECK_FALSE(warns_of_route("W03", "override: {header: A, secret: abc}"));
}

TEST_CASE("private addresses are those a balancer inside may have") {
  for (const char* block :
       {"10.1.2.3", "172.16.0.0/12", "172.0.0.0/8", "192.168.0.0/24", "::/0", "100.64.0.0/10",
        "169.254.1.1", "::1", "fe80::/10", "::ffff:10.0.0.0/104"}) {
    CAPTURE(block);
    CHECK(holds_private_addresses(block));
  }
  for (const char* block : {"172.32.0.0/11", "11.0.0.0/8", "100.128.0.0/9", "2000::/3", "", "x",
                            "10.0.0.0/x", "10.0.0.0/33"}) {
    CAPTURE(block);
    CHECK_FALSE(holds_private_addresses(block));
  }
}

TEST_CASE("W04: unsafe methods are split without sticky, or without a word on writes") {
  CHECK(warns_of_route("W04", "weight: 5"));
  CHECK(warns_of_route("W04", "weight: 5, writes: shared"));
  CHECK(warns_of_route("W04", "sticky: {by: [generated]}"));
  CHECK(warns_of_route("W04", "match: {methods: [GET, DELETE]}, writes: separate"));
  CHECK_FALSE(warns_of_route("W04", kKept));
  CHECK_FALSE(warns_of_route("W04", "writes: none"));
  CHECK_FALSE(warns_of_route("W04", "match: {methods: [GET, HEAD, OPTIONS]}"));
  CHECK_FALSE(warns_of_route("W04", "weight: 100"));
  CHECK_FALSE(warns("W04", sound("  - {name: shop, legacy: old-shop}\n")));
}

TEST_CASE("W05: overlapping paths at different weights, and no group") {
  const auto two = [](const std::string& first, const std::string& second) {
    const std::string sides = ", legacy: old-shop, new: new-shop, writes: shared, ";
    return warns(
        "W05", sound("  - {name: a" + sides + first + "}\n  - {name: b" + sides + second + "}\n"));
  };
  const std::string single = "sticky: {by: [generated]}, ";
  const std::string group = "sticky: {by: [generated], group: g}, ";
  const auto shop = [](const std::string& match, const std::string& weight) {
    return "match: {" + match + "}, weight: " + weight;
  };
  const std::string above = shop("path_prefix: /shop", "10");
  CHECK(two(single + above, single + shop("path_prefix: /shop/cart", "50")));
  CHECK(two(single + shop("path_prefix: /shop/cart", "50"), single + above));
  CHECK(two(single + above, single + shop("path: /shop", "50")));
  CHECK(two(single + above, single + shop("path_prefix: /shop, methods: [POST]", "50")));
  CHECK(two(single + above, single + shop("path_prefix: /shop/cart, hosts: [a]", "50")));
  CHECK(two(single + shop("path_prefix: /", "10"), single + shop("path_prefix: /shop", "50")));
  CHECK(two(group + above, single + shop("path_prefix: /shop/cart", "50")));

  CHECK_FALSE(two(group + above, group + shop("path_prefix: /shop/cart", "50")));
  CHECK_FALSE(two(single + above, single + shop("path_prefix: /shop/cart", "10")));
  CHECK_FALSE(two(single + above, single + shop("path_prefix: /shopping", "50")));
  CHECK_FALSE(two(single + above, single + shop("path_prefix: /shop/cart", "0")));
  CHECK_FALSE(two(single + above, single + shop("path_prefix: /shop/cart", "100")));
  CHECK_FALSE(two(single + shop("path_prefix: /shop, hosts: [a]", "10"),
                  single + shop("path_prefix: /shop/cart, hosts: [b]", "50")));
  CHECK_FALSE(two(single + shop("path_prefix: /shop, headers: {T: x}", "10"),
                  single + shop("path_prefix: /shop/cart, headers: {T: y}", "50")));
}

TEST_CASE("W06: sticky by a session's cookie") {
  const auto by = [](const std::string& name) {
    return "sticky: {by: [\"cookie:" + name + "\", generated]}";
  };
  for (const char* name :
       {"JSESSIONID", "PHPSESSID", "connect.sid", "ASP.NET_SessionId", "sid", "session",
        "laravel_session", "__Host-session", "ASPSESSIONIDQQ", "_app_session", "koa.sess"}) {
    CAPTURE(name);
    CHECK(warns_of_route("W06", by(name)));
  }
  for (const char* name : {"uid", "account", "user_id", "inside", "sidebar", "ficus_key"}) {
    CAPTURE(name);
    CHECK_FALSE(warns_of_route("W06", by(name)));
  }
  CHECK_FALSE(warns_of_route("W06", "sticky: {by: [\"header:session\"]}"));
}

TEST_CASE("W09: a share for a new side that nobody checks, told once a backend") {
  CHECK(warns("W09", with_route("weight: 0.01")));
  CHECK_FALSE(warns("W09", with_route("weight: 0")));
  CHECK_FALSE(warns_of_route("W09", "weight: 5"));
  const std::string text =
      warned(with_routes("  - {name: a, match: {path: /a}, legacy: old-shop, new: new-shop, "
                         "weight: 2.5, writes: none}\n"
                         "  - {name: b, match: {path: /b}, legacy: old-shop, new: new-shop, "
                         "weight: 9, writes: none}\n"));
  CHECK_THAT(text, ContainsSubstring("gets 2.5 % of route `a` and a share of 1 more"));
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("W10: a fallback that comes when the client has gone") {
  const auto with = [](const std::string& fresh, const std::string& legacy, const std::string& on) {
    return warns("W10",
                 "version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends:\n"
                 "  old: {endpoints: [\"http://a\"], timeouts: {first_byte: " +
                     legacy +
                     "}}\n  new: {endpoints: [\"http://b\"], timeouts: {first_byte: " + fresh +
                     "}}\nroutes:\n  - {name: x, legacy: old, new: new, "
                     "fallback: {on: [" +
                     on + "]}}\n");
  };
  CHECK(with("60s", "60s", "timeout"));
  CHECK(with("31s", "60s", "reset, timeout"));
  CHECK_FALSE(with("30s", "60s", "timeout"));
  CHECK_FALSE(with("30s", "120s", "timeout"));
  CHECK_FALSE(with("60s", "30s", "timeout"));
  CHECK_FALSE(with("60s", "60s", "connect_failure, reset, 504"));
}

TEST_CASE("the examples that ship are warned of what they should") {
  const auto codes_of = [](const std::string& name) {
    const LoadOutcome outcome = load_text(read(name), name, empty_environment());
    std::string codes;
    for (const Diagnostic& one : unallowed(outcome.advice)) codes += one.code + " ";
    return codes;
  };
  CHECK(codes_of("config/examples/smallest.yaml") == "W09 W04 ");
  CHECK(codes_of("config/examples/complete.yaml") == "");
}

TEST_CASE("every code is explained, tried above or beside, and known once") {
  const std::string guide = read("docs/warnings.md");
  const std::string tests = read("tests/unit/config/warnings_test.cc") +
                            read("tests/unit/config/hidden_routes_test.cc") +
                            read("tests/unit/control/outside_warnings_test.cc");
  std::string before;
  for (const WarningKind& kind : warning_table()) {
    CAPTURE(kind.code);
    CHECK(std::string(kind.code) > before);
    before = kind.code;
    const bool is_later = kind.source == WarningSource::later;
    const std::string title = "## " + before + ": " + std::string(kind.about);
    CHECK((guide.find(title + "\n") != std::string::npos) == !is_later);
    CHECK((tests.find("TEST_CASE(\"" + before + ": ") != std::string::npos) == !is_later);
    if (is_later) CHECK_THAT(guide, ContainsSubstring(before));
  }
}

TEST_CASE("ten thousand routes are judged in the time of a blink") {
  std::string routes;
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    routes += "  - {name: r" + number + ", match: {path_prefix: /a/" + number +
              ", methods: [GET]}, legacy: old-shop, new: new-shop, weight: " +
              std::to_string(1 + i % 90) + "}\n";
  }
  const std::string text = sound(
      "  - {name: all, match: {path_prefix: /a, methods: [GET]}, legacy: old-shop, new: "
      "new-shop, weight: 95}\n" +
      routes);
  const LoadOutcome outcome = Scripted().load(text);
  REQUIRE(outcome.config);
  CHECK(outcome.advice.warnings.size() == 10'000);
  const Diagnostics shown = unallowed(outcome.advice);
  REQUIRE(shown.size() == kMostWarnings + 1);
  CHECK(shown.back().text() == "f.yaml: warning: has more warnings than are shown");
}
