#include "tests/unit/config/advising.h"

using namespace ficus::config;

namespace {

std::string routes(const std::vector<std::string>& matches) {
  std::string text;
  char name = 'a';
  for (const std::string& match : matches) {
    text +=
        "  - {name: " + std::string(1, name++) + ", legacy: old-shop, match: {" + match + "}}\n";
  }
  return sound(text);
}

bool partly_hidden(const std::vector<std::string>& matches) {
  return warns("W17", routes(matches));
}

}  // namespace

TEST_CASE("routes that together take all methods of another before it are an error") {
  CHECK(told(routes({"path: /x, methods: [GET]", "path: /x, methods: [POST, PUT]",
                     "path: /x, methods: [GET, PUT]"})) ==
        "f.yaml:9:40: routes[2].match: route `c` can never match: route `a` (f.yaml:7), route `b` "
        "(f.yaml:8) together have the same match before it\n");
  CHECK_FALSE(told(routes({"methods: [GET, PUT]", "methods: [GET]"})).empty());
  CHECK_FALSE(told(routes({"hosts: [x, y]", "hosts: [y]"})).empty());
  CHECK_FALSE(told(routes({"hosts: [x]", "hosts: [y]", "hosts: [x, y]"})).empty());
  CHECK(told(routes({"path: /x, methods: [GET]", "path: /x"})).empty());
  CHECK(told(routes({"path: /x", "path: /x, methods: [GET]"})).empty());
  CHECK(told(routes({"path: /x, methods: [GET]", "path_prefix: /x, methods: [GET]"})).empty());
}

TEST_CASE("W17: a part of a route's hosts or methods goes to one before it") {
  CHECK(partly_hidden({"methods: [GET]", "methods: [GET, POST]"}));
  CHECK(partly_hidden({"hosts: [x]", "hosts: [x, y]"}));
  CHECK_THAT(warned(routes({"hosts: [x], methods: [GET]", "hosts: [x, y], methods: [GET, PUT]"})),
             ContainsSubstring("f.yaml:8:40: warning W17: routes[1].match: 1 of the 4 pairs") &&
                 ContainsSubstring("go to route `a` (f.yaml:7)"));
  CHECK_FALSE(partly_hidden({"methods: [GET]", "methods: [POST]"}));
  CHECK_FALSE(partly_hidden({"methods: [GET]", "path: /"}));
  CHECK_FALSE(partly_hidden({"methods: [GET]", "path_prefix: /x"}));
  CHECK_FALSE(partly_hidden({"methods: [GET, PUT], headers: {T: x}", "methods: [GET]"}));
}

TEST_CASE("W17: a route with headers loses to one with methods, wherever they stand") {
  const std::string tenant = "path_prefix: /x, headers: {T: acme}";
  const std::string gets = "path_prefix: /x, methods: [GET]";
  CHECK(partly_hidden({tenant, gets}));
  CHECK(partly_hidden({gets, tenant}));
  CHECK_FALSE(partly_hidden({gets, "path_prefix: /x, headers: {T: acme}, methods: [GET]"}));
  CHECK_FALSE(partly_hidden({"path_prefix: /x", tenant}));
  CHECK_FALSE(partly_hidden({gets, "path_prefix: /x/y, headers: {T: acme}"}));
}

TEST_CASE("W17: a path for any host loses to a shorter one of a host") {
  CHECK(partly_hidden({"hosts: [x], path_prefix: /", "path_prefix: /api"}));
  CHECK(partly_hidden({"path: /healthz", "hosts: [x]"}));
  CHECK_THAT(warned(routes({"hosts: [x], path_prefix: /a", "path_prefix: /a/b"})),
             ContainsSubstring("f.yaml:8:54: warning W17: routes[1].match.path_prefix: on host `x` "
                               "these requests go to route `a` (f.yaml:7)"));
  CHECK_FALSE(partly_hidden({"hosts: [x], path_prefix: /", "path_prefix: /"}));
  CHECK_FALSE(partly_hidden(
      {"hosts: [x], path_prefix: /", "hosts: [x], path_prefix: /api", "path_prefix: /api"}));
  CHECK_FALSE(partly_hidden({"hosts: [x], path_prefix: /, methods: [GET]", "path_prefix: /api"}));
  CHECK_FALSE(partly_hidden({"hosts: [x], path_prefix: /ap", "path_prefix: /api"}));
  CHECK_FALSE(partly_hidden({"hosts: [x], path: /api", "path_prefix: /api/v1"}));
}
