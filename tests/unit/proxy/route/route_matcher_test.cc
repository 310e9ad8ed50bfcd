#include "proxy/route/route_matcher.h"

#include <string>
#include <utility>
#include <vector>

#include "proxy/route/random.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

using config::Match;

Match exact(std::string path) {
  Match match;
  match.path = std::move(path);
  return match;
}

Match prefix(std::string path) {
  Match match;
  match.path_prefix = std::move(path);
  return match;
}

Match with_hosts(Match match, std::vector<std::string> hosts) {
  match.hosts = std::move(hosts);
  return match;
}

Match with_methods(Match match, std::vector<std::string> methods) {
  match.methods = std::move(methods);
  return match;
}

Match with_headers(Match match, std::vector<config::HeaderCondition> headers) {
  match.headers = std::move(headers);
  return match;
}

// The routes of a shop; a name here is a place in the list that the matcher is built from.
enum ShopRoute {
  kRest,
  kCatalog,
  kCatalogItem,
  kCatalogExact,
  kCatalogPost,
  kCatalogTenant,
  kCatalogTenantBeta,
  kShopHost,
  kShopCart,
  kShopCartPut,
  kOldCatalog,
  kNoneRoute = RouteMatcher::kNoRoute,
};

RouteMatcher shop() {
  return RouteMatcher::build({
      prefix("/"),
      prefix("/catalog"),
      prefix("/catalog/item/"),
      exact("/catalog/item"),
      with_methods(prefix("/catalog"), {"POST", "PUT"}),
      with_headers(prefix("/catalog"), {{"X-Tenant", "acme"}}),
      with_headers(prefix("/catalog"), {{"X-Tenant", "acme"}, {"X-Beta", "1"}}),
      with_hosts(prefix("/shop"), {"shop.example.com", "[2001:db8::1]"}),
      with_hosts(exact("/cart"), {"shop.example.com"}),
      with_hosts(with_methods(exact("/cart"), {"PUT"}), {"shop.example.com"}),
      prefix("/catalog"),
  });
}

int match(const RouteMatcher& matcher, std::string_view method, std::string_view host,
          std::string_view path) {
  RequestView view;
  view.method = method;
  view.host = host;
  view.path = path;
  return matcher.match(view);
}

TEST_CASE("a request goes to the route that fits it best", "[matcher]") {
  struct Row {
    const char* method;
    const char* host;
    const char* path;
    int route;
  };
  const Row row = GENERATE(  // path: exact, then the longest prefix by segment
      Row{"GET", "x", "/", kRest}, Row{"GET", "x", "/catalogue", kRest},
      Row{"GET", "x", "/catalog", kCatalog}, Row{"GET", "x", "/catalog/", kCatalog},
      Row{"GET", "x", "/catalog/a/b/c", kCatalog}, Row{"GET", "x", "/catalog/item", kCatalogExact},
      Row{"GET", "x", "/catalog/item/", kCatalogItem},
      Row{"GET", "x", "/catalog/item/7", kCatalogItem}, Row{"GET", "x", "/catalog/items", kCatalog},
      Row{"GET", "x", "/Catalog", kRest}, Row{"GET", "x", "/catalog//item", kCatalog},
      Row{"GET", "x", "//catalog", kRest}, Row{"OPTIONS", "x", "*", kRest},
      Row{"GET", "x", "", kRest},
      // methods before none
      Row{"POST", "x", "/catalog", kCatalogPost}, Row{"PUT", "x", "/catalog/7", kCatalogPost},
      Row{"post", "x", "/catalog", kCatalog}, Row{"POST", "x", "/catalog/item/7", kCatalogItem},
      Row{"POST", "x", "/catalog/item", kCatalogExact},
      // exact host before any
      Row{"GET", "shop.example.com", "/shop", kShopHost},
      Row{"GET", "shop.example.com", "/shop/a", kShopHost},
      Row{"GET", "SHOP.Example.COM", "/shop", kShopHost},
      Row{"GET", "shop.example.com.", "/shop", kShopHost},
      Row{"GET", "shop.example.com:8080", "/shop", kShopHost},
      Row{"GET", "shop.example.com.:8080", "/shop", kShopHost},
      Row{"GET", "[2001:DB8::1]:8080", "/shop", kShopHost},
      Row{"GET", "[2001:db8::1]", "/shop", kShopHost}, Row{"GET", "[2001:db8::2]", "/shop", kRest},
      Row{"GET", "[", "/shop", kRest}, Row{"GET", "example.com", "/shop", kRest},
      Row{"GET", "", "/shop", kRest}, Row{"GET", "a.shop.example.com", "/shop", kRest},
      // a host without a fitting path leaves the request to any host
      Row{"GET", "shop.example.com", "/catalog", kCatalog},
      Row{"GET", "shop.example.com", "/shopping", kRest},
      Row{"PUT", "shop.example.com", "/cart", kShopCartPut},
      Row{"GET", "shop.example.com", "/cart", kShopCart},
      Row{"GET", "shop.example.com", "/cart/", kRest});
  CAPTURE(row.method, row.host, row.path);
  CHECK(match(shop(), row.method, row.host, row.path) == row.route);
}

TEST_CASE("more header conditions go before fewer", "[matcher]") {
  const RouteMatcher matcher = shop();
  const auto route_of = [&](const FakeHeaders& headers, const char* method) {
    RequestView view = request_with(headers);
    view.path = "/catalog/7";
    view.method = method;
    return matcher.match(view);
  };
  CHECK(route_of({{"x-tenant", "acme"}}, "GET") == kCatalogTenant);
  CHECK(route_of({{"x-tenant", "acme"}, {"x-beta", "1"}}, "GET") == kCatalogTenantBeta);
  CHECK(route_of({{"x-tenant", "acme"}, {"x-beta", "2"}}, "GET") == kCatalogTenant);
  CHECK(route_of({{"x-beta", "1"}}, "GET") == kCatalog);
  CHECK(route_of({{"x-tenant", "acme"}, {"x-beta", "1"}}, "POST") == kCatalogPost);
}

TEST_CASE("a route whose method does not hold leaves the request to the next one", "[matcher]") {
  const RouteMatcher matcher = RouteMatcher::build({
      with_hosts(with_methods(exact("/a/b"), {"GET"}), {"h"}),
      with_hosts(with_methods(prefix("/a"), {"POST"}), {"h"}),
      with_methods(exact("/a/b"), {"PUT"}),
      with_methods(prefix("/a/b"), {"DELETE"}),
      with_methods(Match{}, {"HEAD"}),
  });
  CHECK(match(matcher, "GET", "h", "/a/b") == 0);
  CHECK(match(matcher, "POST", "h", "/a/b") == 1);
  CHECK(match(matcher, "PUT", "h", "/a/b") == 2);
  CHECK(match(matcher, "DELETE", "h", "/a/b") == 3);
  CHECK(match(matcher, "HEAD", "h", "/a/b") == 4);
  CHECK(match(matcher, "PATCH", "h", "/a/b") == RouteMatcher::kNoRoute);
}

TEST_CASE("no route, no match", "[matcher]") {
  CHECK(match(RouteMatcher(), "GET", "h", "/") == RouteMatcher::kNoRoute);
  CHECK(match(RouteMatcher::build({}), "GET", "h", "/") == RouteMatcher::kNoRoute);
  const RouteMatcher only_host = RouteMatcher::build({with_hosts(prefix("/"), {"a"})});
  CHECK(match(only_host, "GET", "b", "/") == RouteMatcher::kNoRoute);
  CHECK(match(only_host, "GET", "a", "/any") == 0);
}

Match regex(std::string path) {
  Match match;
  match.path_regex = std::move(path);
  return match;
}

TEST_CASE("a host below a suffix comes after the exact one and before any", "[matcher]") {
  const RouteMatcher matcher = RouteMatcher::build({
      prefix("/"),
      with_hosts(prefix("/"), {"*.example.com"}),
      with_hosts(prefix("/"), {"*.shop.example.com"}),
      with_hosts(prefix("/"), {"a.shop.example.com"}),
      with_hosts(prefix("/only"), {"b.shop.example.com"}),
  });
  CHECK(match(matcher, "GET", "a.shop.example.com:8080", "/") == 3);
  CHECK(match(matcher, "GET", "x.shop.example.com", "/") == 2);
  CHECK(match(matcher, "GET", "Y.X.Shop.Example.com.", "/") == 2);
  CHECK(match(matcher, "GET", "shop.example.com", "/") == 1);
  CHECK(match(matcher, "GET", "example.com", "/") == 0);
  CHECK(match(matcher, "GET", ".example.com", "/") == 1);
  CHECK(match(matcher, "GET", "badexample.com", "/") == 0);
  CHECK(match(matcher, "GET", "b.shop.example.com", "/") == 2);
  CHECK(match(matcher, "GET", "b.shop.example.com", "/only/x") == 4);
  CHECK(match(matcher, "GET", std::string(100, '.'), "/") == 0);
}

TEST_CASE("a regex comes after the exact path and before all prefixes", "[matcher]") {
  const RouteMatcher matcher = RouteMatcher::build({
      prefix("/users/42/profile"),
      regex("/users/[0-9]+/.*"),
      regex("/users/.*"),
      exact("/users/42/x"),
      with_methods(regex("/users/.*"), {"POST"}),
      with_hosts(regex("/h/.*"), {"h"}),
      with_methods(regex("/posts/[0-9]+"), {"POST"}),
      prefix("/"),
      regex("/.*[.]php"),
  });
  CHECK(match(matcher, "GET", "a", "/users/42/profile") == 1);
  CHECK(match(matcher, "GET", "a", "/users/42/x") == 3);
  CHECK(match(matcher, "GET", "a", "/users/abc") == 2);
  CHECK(match(matcher, "POST", "a", "/users/abc") == 4);
  CHECK(match(matcher, "POST", "a", "/posts/1") == 6);
  CHECK(match(matcher, "GET", "a", "/posts/1") == 7);
  CHECK(match(matcher, "GET", "a", "/posts/1.php") == 8);
  CHECK(match(matcher, "GET", "h", "/h/x") == 5);
  CHECK(match(matcher, "GET", "a", "/h/x") == 7);
}

TEST_CASE("an overlong host is no host of ours", "[matcher]") {
  const std::string longest(255, 'a');
  const RouteMatcher matcher = RouteMatcher::build({with_hosts(prefix("/"), {longest})});
  CHECK(match(matcher, "GET", longest, "/") == 0);
  CHECK(match(matcher, "GET", longest + "a", "/") == RouteMatcher::kNoRoute);
}

TEST_CASE("finds its way among ten thousand prefixes", "[matcher]") {
  std::vector<Match> matches;
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    matches.push_back(prefix(i % 2 == 0 ? "/api/v1/" + number : "/api/v1/" + number + "/deep/er"));
  }
  matches.push_back(prefix("/api"));
  const RouteMatcher matcher = RouteMatcher::build(matches);
  for (int i = 0; i < 10'000; ++i) {
    const std::string path = "/api/v1/" + std::to_string(i);
    CHECK(match(matcher, "GET", "h", path) == (i % 2 == 0 ? i : 10'000));
    CHECK(match(matcher, "GET", "h", path + "/deep/er/and/deeper") == i);
  }
  CHECK(match(matcher, "GET", "h", "/api/v1/10001") == 10'000);
  CHECK(match(matcher, "GET", "h", "/") == RouteMatcher::kNoRoute);
}

TEST_CASE("finds what asking each prefix in turn would find", "[matcher]") {
  Random random(7);
  const auto random_path = [&random] {
    std::string path;
    for (std::uint32_t segments = random.below(5); segments > 0; --segments) {
      path += '/';
      for (std::uint32_t size = random.below(3); size > 0; --size) {
        path += static_cast<char>('a' + random.below(2));
      }
    }
    return path.empty() ? std::string("/") : path;
  };
  std::vector<Match> matches;
  for (int i = 0; i < 60; ++i) matches.push_back(prefix(random_path()));
  const RouteMatcher matcher = RouteMatcher::build(matches);
  for (int i = 0; i < 5'000; ++i) {
    const std::string path = random_path();
    int best = RouteMatcher::kNoRoute;
    std::size_t best_size = 0;
    for (std::size_t route = 0; route < matches.size(); ++route) {
      std::string bare = *matches[route].path_prefix;
      while (!bare.empty() && bare.back() == '/') bare.pop_back();
      const bool fits = path.compare(0, bare.size(), bare) == 0 &&
                        (bare.empty() || path.size() == bare.size() || path[bare.size()] == '/');
      if (fits && (best == RouteMatcher::kNoRoute || bare.size() > best_size)) {
        best = static_cast<int>(route);
        best_size = bare.size();
      }
    }
    CAPTURE(path);
    CHECK(match(matcher, "GET", "h", path) == best);
  }
}

TEST_CASE("a path of slashes costs no more than the longest prefix", "[matcher]") {
  const RouteMatcher matcher = RouteMatcher::build({prefix("/a/b/c")});
  const std::string slashes(8'192, '/');
  for (int i = 0; i < 1'000; ++i) {
    CHECK(match(matcher, "GET", "h", slashes) == RouteMatcher::kNoRoute);
  }
}

}  // namespace
}  // namespace ficus::proxy
