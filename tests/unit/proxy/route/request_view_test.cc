#include "proxy/route/request_view.h"

#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

TEST_CASE("a cookie is found by its exact name", "[request_view]") {
  const FakeHeaders headers{{"Cookie", "a=1; uid=42;b=\"q\" ; empty=; =x; flag; uid=43"},
                            {"cookie", "later=9"}};
  const auto lookup = headers.lookup();
  CHECK(cookie_value(lookup, "a") == "1");
  CHECK(cookie_value(lookup, "uid") == "42");
  CHECK(cookie_value(lookup, "b") == "\"q\"");
  CHECK(cookie_value(lookup, "empty") == "");
  CHECK(cookie_value(lookup, "later") == "9");
  CHECK_FALSE(cookie_value(lookup, "UID"));
  CHECK_FALSE(cookie_value(lookup, "id"));
  CHECK_FALSE(cookie_value(lookup, "flag"));
  CHECK_FALSE(cookie_value(FakeHeaders{}.lookup(), "a"));
}

TEST_CASE("a cookie line may be cut at any byte", "[request_view]") {
  const std::string line = "a=1; uid=42; b=3";
  for (std::size_t size = 0; size <= line.size(); ++size) {
    const FakeHeaders headers{{"Cookie", line.substr(0, size)}};
    const auto value = cookie_value(headers.lookup(), "uid");
    CHECK(value.has_value() == (size >= line.find("42")));
    if (size >= line.find("; b")) CHECK(value == "42");
  }
}

TEST_CASE("a query parameter is found as it was sent", "[request_view]") {
  CHECK(query_value("a=1&user=x%20y&user=z&b", "user") == "x%20y");
  CHECK(query_value("a=1&&b=", "b") == "");
  CHECK(query_value("a=b=c", "a") == "b=c");
  CHECK_FALSE(query_value("a=1&b", "b"));
  CHECK_FALSE(query_value("", "a"));
  CHECK_FALSE(query_value("xa=1", "a"));
}

TEST_CASE("a header condition holds if any line of that name has the value", "[request_view]") {
  const FakeHeaders headers{{"X-Tenant", "acme"}, {"x-tenant", "globex"}};
  CHECK(holds({"X-TENANT", "acme"}, headers.lookup()));
  CHECK(holds({"X-Tenant", "globex"}, headers.lookup()));
  CHECK_FALSE(holds({"X-Tenant", "Acme"}, headers.lookup()));
  CHECK_FALSE(holds({"X-Tenant", ""}, headers.lookup()));
}

TEST_CASE("an empty list of methods names all of them", "[request_view]") {
  CHECK(lists({}, "BREW"));
  CHECK(lists({"GET", "HEAD"}, "HEAD"));
  CHECK_FALSE(lists({"GET"}, "get"));
}

}  // namespace
}  // namespace ficus::proxy
