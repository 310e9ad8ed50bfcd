#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

void says(const std::string& more, const std::string& problem) {
  CAPTURE(more);
  CHECK_THAT(told(with_route(more)), ContainsSubstring("f.yaml:7:") && ContainsSubstring(problem));
}

void accepts(const std::string& more) {
  CAPTURE(more);
  CHECK(told(with_route(more)).empty());
}

std::string one_sided(const std::string& more) {
  return with_routes("  - {name: shop, legacy: old-shop, " + more + "}\n");
}

}  // namespace

TEST_CASE("a route has a name, unique and of the common grammar") {
  CHECK(told(with_routes("  - {legacy: old-shop}\n")) ==
        "f.yaml:7:5: routes[0]: `name` is missing; Name in status, metrics and commands.\n");
  CHECK(told(with_routes("  - {name: a, match: {path: /a}, legacy: old-shop}\n"
                         "  - {name: a, match: {path: /b}, legacy: old-shop}\n")) ==
        "f.yaml:8:12: routes[1].name: `a` is already the name of f.yaml:7\n");
  const auto named = [](const std::string& name) {
    return told(with_routes("  - {name: \"" + name + "\", legacy: old-shop}\n"));
  };
  for (const char* good : {"a", "0", "a.b_c-d", "shop2"}) CHECK(named(good).empty());
  CHECK(named(std::string(63, 'a')).empty());
  CHECK_THAT(named(std::string(64, 'a')), ContainsSubstring("is too long"));
  CHECK_THAT(named(""), ContainsSubstring("is empty"));
  CHECK_THAT(named("Shop"), ContainsSubstring("has capital letters"));
  CHECK_THAT(named("-a"), ContainsSubstring("does not begin with"));
  CHECK_THAT(named("a b"), ContainsSubstring("has characters"));
}

TEST_CASE("a route has a side, of a backend that exists, and its two sides differ") {
  CHECK(told(with_routes("  - {name: shop}\n")) ==
        "f.yaml:7:5: routes[0]: has no side; give it `legacy`, `new` or both, each the name of a "
        "backend\n");
  CHECK(told(with_routes("  - {name: shop, new: new-shop}\n")).empty());
  CHECK(told(with_routes("  - {name: shop, legacy: old-shp}\n")) ==
        "f.yaml:7:26: routes[0].legacy: there is no backend `old-shp`; did you mean `old-shop`?\n");
  CHECK(told(with_routes("  - {name: shop, legacy: old-shop, new: old-shop}\n")) ==
        "f.yaml:7:41: routes[0].new: `old-shop` is the legacy side as well; the two sides are two "
        "backends\n");
}

TEST_CASE("a weight is a share of a route with both sides") {
  for (const char* good : {"0", "0.01", "5", "33.33", "100"})
    accepts("weight: " + std::string(good));
  says("weight: 100.01",
       "f.yaml:7:59: routes[0].weight: `100.01` is more than allowed: 0 to 100 percent");
  says("weight: -1", "is negative");
  says("weight: 5%", "has a percent sign; write the number alone");
  says("weight: 0.125", "has more than two decimals");
  says("weight: half", "is not a number of percent");
  says("weight: \"5\"", "is in quotes");
  CHECK(told(one_sided("weight: 5")) ==
        "f.yaml:7:36: routes[0].weight: needs both sides, `legacy` and `new`; with one side all "
        "requests go there\n");
}

TEST_CASE("words are one of those allowed") {
  says("writes: share", "is not one of none | shared | separate; did you mean `shared`?");
  says("guard: {mode: enforced}", "did you mean `enforce`?");
  says("guard: on", "`on` is a single value; needed: map or off");
  accepts("guard: off");
  accepts("guard: {mode: off}");
}

TEST_CASE("hosts are names or addresses without a port") {
  accepts("match: {hosts: [Shop.Example.COM, a_b, \"[::1]\", 10.0.0.1, xn--a]}");
  accepts("match: {hosts: [\"*.example.com\", \"*.local\"]}");
  says("match: {hosts: [\"a.*.com\"]}",
       "f.yaml:7:67: routes[0].match.hosts[0]: `a.*.com` has a wildcard that is not a whole first "
       "label; write *.example.com");
  says("match: {hosts: [\"*\"]}", "leave hosts out");
  says("match: {hosts: [\"*shop.com\"]}", "not a whole first label");
  says("match: {hosts: [\"*.*.com\"]}", "not a whole first label");
  says("match: {hosts: [\"*.10.0.0.1\"]}", "not a whole first label");
  says("match: {hosts: [\"a:80\"]}", "has a port");
  says("match: {hosts: [\"[::1]:80\"]}", "has a port");
  says("match: {hosts: [\"::1\"]}", "without brackets");
  says("match: {hosts: [\"http://a\"]}", "is a URL");
  says("match: {hosts: [a.]}", "ends in a dot");
  says("match: {hosts: [-a]}", "is not a host name");
  says("match: {hosts: [a..b]}", "is not a host name");
  says("match: {hosts: [1.2.3]}", "is not a host name");
  says("match: {hosts: [a, a]}", "is listed twice");
}

TEST_CASE("paths begin with a slash and are written as they are compared") {
  for (const char* good : {"/", "/a/", "/a%2Fb", "/a.b/..c", "/a;b=1"}) {
    accepts("match: {path: \"" + std::string(good) + "\"}");
  }
  for (const char* key : {"path", "path_prefix"}) {
    const std::string start = "match: {" + std::string(key) + ": \"";
    says(start + "a\"}", "does not begin with /");
    says(start + "/a?b\"}", "has a query");
    says(start + "/a b\"}", "has characters that a path cannot have");
    says(start + "/a%2\"}", "has a % without two hexadecimal digits");
    says(start + "/%61\"}", "encodes a letter");
    says(start + "/%00\"}", "has %00");
    says(start + "/a/../b\"}", "has a . or .. segment");
  }
  accepts("match: {path_prefix: /}");
  says("match: {path_prefix: /a/}", "ends in /; leave that out");
  says("match: {path: /a, path_prefix: /b}",
       "f.yaml:7:69: routes[0].match.path_prefix: stands beside `path`");
  says("match: {path_regex: /x, path: /a}",
       "path_regex: stands beside `path`; a match has one of path, path_regex and path_prefix");
}

TEST_CASE("a regex of a path is one of RE2, and can fit a path") {
  for (const char* good : {"/users/[0-9]+", "(?i)/A.*", ".*[.]php", "/a|/b", "^/x$"}) {
    accepts("match: {path_regex: \"" + std::string(good) + "\"}");
  }
  says("match: {path_regex: \"/a(b\"}",
       "f.yaml:7:71: routes[0].match.path_regex: `/a(b` is no regex (RE2): missing )");
  says("match: {path_regex: \"/a(?=b)\"}", "RE2 has no lookahead");
  says("match: {path_regex: '/(a)\\1'}", "RE2 has no backreferences");
  says("match: {path_regex: \"/a{2000}\"}", "is no regex (RE2)");
  says("match: {path_regex: \"\"}", "is an empty regex");
  says("match: {path_regex: catalog/.*}", "fits no path");
  says("match: {path_regex: /" + std::string(5'000, 'a') + "}", "is a longer regex than allowed");
  std::string large = "/";
  for (int i = 0; i < 40; ++i) large += ".{900}x";
  says("match: {path_regex: \"" + large + "\"}", "is too large a regex");
}

TEST_CASE("a rewrite says what it can do") {
  accepts(
      "match: {path_prefix: /a}, rewrite: {new: {path_prefix: /b, host: \"n:81\", "
      "set_headers: {X-From: \"~ficus\"}, remove_headers: [Cookie]}, legacy: {host: o}}");
  accepts("match: {path: /a}, rewrite: {new: {path_prefix: /b}}");
  says("match: {path_regex: /a}, rewrite: {new: {path_prefix: /b}}",
       "has nothing to replace in a route with `path_regex`");
  says("rewrite: {}", "is empty; give `legacy`, `new` or both");
  says("rewrite: {new: {}}", "is empty; give at least one of path_prefix");
  says("rewrite: {new: {path_prefix: b}}", "does not begin with /");
  says("rewrite: {new: {path_prefix: /b/}}", "ends in /");
  says("rewrite: {new: {host: \"http://n\"}}", "is a URL");
  says("rewrite: {new: {host: \"n:0\"}}", "has no valid port");
  says("rewrite: {new: {host: \"n n\"}}", "is not a host name");
  says("rewrite: {new: {host: \"::1\"}}", "without brackets");
  says("rewrite: {new: {set_headers: {X-A: \"a\\r\\nb\"}}}", "no header value can have");
  says("rewrite: {new: {set_headers: {\"X A\": b}}}", "is not a header name");
  says("rewrite: {new: {set_headers: {X-A: b, x-a: c}}}", "is named twice");
  for (const char* name : {"Content-Length", "transfer-encoding", "Connection", "TE", "Upgrade",
                           "Trailer", "Keep-Alive", "Proxy-Connection", "Expect"}) {
    says("rewrite: {new: {set_headers: {" + std::string(name) + ": a}}}",
         "belongs to the connection or to the framing");
    says("rewrite: {new: {remove_headers: [" + std::string(name) + "]}}",
         "belongs to the connection or to the framing");
  }
  says("rewrite: {new: {set_headers: {Host: a}}}", "is set by the key `host`");
  says("rewrite: {new: {set_headers: {X-A: a}, remove_headers: [x-a]}}",
       "is in `set_headers` as well");
  CHECK(told(one_sided("rewrite: {new: {host: n}}")).find("the route has no side `new`") !=
        std::string::npos);
}

TEST_CASE("methods are tokens in capitals") {
  accepts("match: {methods: [GET, M-SEARCH]}");
  says("match: {methods: [get]}", "methods are written in capitals");
  says("match: {methods: [\"G T\"]}", "is not a method");
  says("match: {methods: [GET, GET]}", "is listed twice");
  says("match: {methods: GET}", "put brackets around it");
}

TEST_CASE("header conditions have a name and an exact value") {
  accepts("match: {headers: {X-A: b, X-N: 5, X-E: \"\"}}");
  says("match: {headers: {\"X A\": b}}",
       "f.yaml:7:69: routes[0].match.headers.X A: `X A` is not a header name");
  says("match: {headers: {\"X-A:\": b}}", "ends in a colon");
  accepts("match: {headers: {X-A: \"~(?i)b|c\"}}");
  says("match: {headers: {X-A: \"~(b\"}}", "is no regex (RE2): missing )");
  says("match: {headers: {X-A: \"~\"}}", "is an empty regex");
  says("assign: [{match: {headers: {X-A: \"~[\"}}, side: new}]", "is no regex (RE2)");
  says("guard: {failures: {header: \"X-A: ~b\"}}", "a pattern may stand in `match` and `assign`");
  says("match: {headers: {X-A: \"a\\nb\"}}", "has characters that no header value can have");
  says("match: {headers: {X-A: \" b\"}}", "begins or ends with a blank");
  says("match: {headers: {X-A: b, x-a: c}}", "is named twice");
  says("match: {headers: {X-A: [b]}}", "is a list; needed: text");
}

TEST_CASE("sticky sources follow their grammar, and the generated one is last") {
  accepts(
      "sticky: {by: [\"header:X-A\", \"cookie:uid\", \"query:u\", client_ip, generated], group: "
      "g}");
  says("sticky: {by: [ip]}", "is not a source; allowed: header:NAME");
  says("sticky: {by: [header]}", "has no valid name after the colon");
  says("sticky: {by: [\"header:\"]}", "has no valid name after the colon");
  says("sticky: {by: [\"cookie:a b\"]}", "has no valid name after the colon");
  says("sticky: {by: [\"query:a=b\"]}", "has no valid name after the colon");
  says("sticky: {by: [generated, client_ip]}", "put it last");
  says("sticky: {by: [client_ip, client_ip]}", "is listed twice");
  says("sticky: {by: []}", "name at least one source");
  says("sticky: {group: g}", "`by` is missing");
  says("sticky: {by: [client_ip], group: G}", "has capital letters");
  accepts("sticky: {by: [client_ip], pin_after_write: 60s}");
  says("sticky: {by: [client_ip], pin_after_write: 10ms}", "is less than allowed: 1s to 24h");
}

TEST_CASE("assign rules have a condition and a side that the route has") {
  accepts(
      "assign: [{match: {methods: [GET], headers: {A: b}, from: [10.0.0.0/8, \"::1\"]}, side: "
      "new}]");
  says("assign: [{match: {}, side: new}]", "give at least one of");
  says("assign: [{match: {methods: []}, side: new}]", "has no condition");
  says("assign: [{side: new}]", "`match` is missing");
  says("assign: [{match: {methods: [GET]}}]", "`side` is missing");
  says("assign: [{match: {methods: [GET]}, side: old}]", "is not one of legacy | new");
  says("assign: [{match: {hosts: [a]}, side: new}]", "is an unknown key");
  CHECK_THAT(told(one_sided("assign: [{match: {methods: [GET]}, side: new}]")),
             ContainsSubstring("the route has no side `new`"));
}

TEST_CASE("addresses of clients are addresses or exact networks") {
  for (const char* good :
       {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "192.0.2.1/32", "2001:db8::/32", "::/0"}) {
    accepts("override: {header: A, from: [\"" + std::string(good) + "\"]}");
  }
  const auto network = [](const std::string& text) {
    return "override: {header: A, from: [\"" + text + "\"]}";
  };
  says(network("10.0.0.1/8"), "has bits set after its prefix length");
  says(network("2001:db8::1/64"), "has bits set after its prefix length");
  says(network("10.0.0.0/33"), "allowed: 0 to 32");
  says(network("::/129"), "allowed: 0 to 128");
  says(network("10.0.0.0/"), "has no valid prefix length");
  says(network("10.0.0/8"), "is not an address or CIDR");
  says(network("all"), "is not an address or CIDR");
}

TEST_CASE("an override names a header or cookie, and whom it trusts") {
  accepts("override: {cookie: side, secret: abc}");
  says("override: {from: [10.0.0.0/8]}", "needs `header` or `cookie`");
  says("override: {header: A}", "needs `from` or `secret`");
  says("override: {header: A, from: []}", "is empty; name who is trusted");
  says("override: {header: A, secret: \"\"}", "is empty; a secret");
  says("override: {header: \"A B\", secret: a}", "is not a header name");
  says("override: {cookie: \"A;\", secret: a}", "is not a cookie name");
}

TEST_CASE("a fallback has causes from the list") {
  accepts(
      "fallback: {on: [connect_failure, reset, timeout, overflow, 500, 599], max_body: 0B, "
      "budget_percent: 0}");
  says("fallback: {on: [404]}", "`404` is not a server error");
  says("fallback: {on: [600]}", "`600` is not a server error");
  says("fallback: {on: [timeot]}", "did you mean `timeout`?");
  says("fallback: {on: []}", "name at least one cause");
  says("fallback: {max_body: 1KiB}", "`on` is missing");
  says("fallback: {on: [reset, reset]}", "is listed twice");
  says("fallback: {on: [reset], budget_percent: 101}", "is more than allowed: 0 to 100 percent");
  says("fallback: {on: [reset], max_body: 64KB}", "has an unknown unit");
  says("fallback: {on: [reset], max_body: 1GiB}", "is more than allowed: 0B to 16MiB");
}

TEST_CASE("the guard's values keep their ranges") {
  says("guard: {max_error_rate: 0}", "is less than allowed: 0.01 to 30 percent");
  says("guard: {max_error_rate: 30.01}", "is more than allowed: 0.01 to 30 percent");
  says("guard: {judge: {window: 500ms}}", "is less than allowed: 1s to 10m");
  says("guard: {judge: {window: 11m}}", "is more than allowed: 1s to 10m");
  says("guard: {judge: {min_requests: 0}}", "is less than allowed");
  says("guard: {slow_start: off}", "is neither true nor false");
  for (const char* good : {"404", "500-599", "[404, 500-503]", "\"404\""}) {
    accepts("guard: {failures: {statuses: " + std::string(good) + "}}");
  }
  for (const char* bad : {"5xx", "99", "600", "500-", "-500", "[404, 5000]", "199-200"}) {
    says("guard: {failures: {statuses: " + std::string(bad) + "}}",
         "is not a status or range from 200 to 599");
  }
  says("guard: {failures: {statuses: 599-500}}", "ends before it begins");
  accepts("guard: {failures: {header: \"X-Outcome: failed\"}}");
  says("guard: {failures: {header: failed}}", "write \"Name: value\", in quotes");
  says("guard: {failures: {header: \"a b: c\"}}", "does not begin with a header name");
  says("guard: {slow_after: 1s}", "is not in this version");
}

TEST_CASE("a route that can never match is an error that names both") {
  const auto two = [](const std::string& first, const std::string& second) {
    return told(with_routes("  - {name: a, legacy: old-shop, match: " + first +
                            "}\n  - {name: b, legacy: old-shop, match: " + second + "}\n"));
  };
  CHECK(
      two("{path: /a}", "{path: /a}") ==
      "f.yaml:8:40: routes[1].match: route `b` can never match: route `a` (f.yaml:7) has the same "
      "match before it\n");
  CHECK_FALSE(two("{}", "{path_prefix: /}").empty());
  CHECK_FALSE(
      two("{hosts: [A, b], methods: [GET, PUT]}", "{methods: [PUT, GET], hosts: [a]}").empty());
  CHECK_FALSE(two("{headers: {A: x, B: y}}", "{headers: {b: y, a: x}}").empty());
  CHECK(two("{hosts: [a]}", "{hosts: [a, b]}").empty());
  CHECK(two("{hosts: [a]}", "{}").empty());
  CHECK(two("{path: /a}", "{path_prefix: /a}").empty());
  CHECK(two("{methods: [GET]}", "{}").empty());
  CHECK(two("{headers: {A: x}}", "{headers: {A: X}}").empty());
}

TEST_CASE("what a refused match was meant to fit is not known: it is one error, not two") {
  const auto lines = [](const std::string& first, const std::string& second) {
    const std::string all = told(with_routes("  - {name: a, legacy: old-shop" + first +
                                             "}\n  - {name: b, legacy: old-shop" + second + "}\n"));
    CAPTURE(all);
    CHECK(all.find("can never match") == std::string::npos);
    return std::count(all.begin(), all.end(), '\n');
  };
  for (const char* refused :
       {"path_prefix: /api/", "path: api", "path_regex: \"(\"", "hosts: [\"a b\"]",
        "methods: [\"G T\"]", "headers: {A: \"~(\"}", "headers: {\"A b\": x}", "path_prefx: /api",
        "hosts: shop.example.com", "path: [/api]", "path_prefix: \"${file:/none}\"",
        "hosts: [a, a]", "path: /a, path_prefix: /b"}) {
    CAPTURE(refused);
    const std::string match = std::string(", match: {") + refused + "}";
    CHECK(lines("", match) == 1);
    CHECK(lines(match, "") == 1);
    CHECK(lines(", match: {path: /a}", match) == 1);
    CHECK(lines(", match: {hosts: [a]}", match) == 1);
  }
  // A fault elsewhere in the route says nothing of its match.
  CHECK_THAT(told(with_routes("  - {name: a, legacy: old-shop}\n"
                              "  - {name: b, legacy: old-shop, weight: 500}\n")),
             ContainsSubstring("route `b` can never match"));
}
