#include <string>

#include "proxy/http/cookie.h"
#include "proxy/http/query.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

TEST_CASE("a cookie is found by its whole name") {
  CHECK(find_cookie("a=1; b=2; ab=3", "a") == "1");
  CHECK(find_cookie("a=1; b=2; ab=3", "b") == "2");
  CHECK(find_cookie("a=1; b=2; ab=3", "ab") == "3");
  CHECK_FALSE(find_cookie("a=1; b=2; ab=3", "c"));
  CHECK_FALSE(find_cookie("a=1", "A"));
  CHECK_FALSE(find_cookie("", "a"));
  CHECK_FALSE(find_cookie("a", "a"));
  CHECK(find_cookie(";; a=\"x y\" ;", "a") == "x y");
  CHECK(find_cookie("a=", "a") == "");
  CHECK(find_cookie("a=b=c", "a") == "b=c");
  CHECK(find_cookie("a=\"", "a") == "\"");
  CHECK(find_cookie("a=1;a=2", "a") == "1");
}

TEST_CASE("a cookie is found in any of a request's lines") {
  const ParsedRequest parsed(request_with("Cookie: a=1\r\nX: a=0\r\ncookie: uid=7\r\n"));
  REQUIRE(parsed.complete());
  CHECK(find_cookie(parsed.head, "uid") == "7");
  CHECK_FALSE(find_cookie(parsed.head, "none"));
}

TEST_CASE("a query parameter is found by its whole name") {
  CHECK(find_query_parameter("a=1&b=2&ab=3", "b") == "2");
  CHECK(find_query_parameter("a=1&b=2&ab=3", "ab") == "3");
  CHECK(find_query_parameter("a=1&a=2", "a") == "1");
  CHECK(find_query_parameter("&&a", "a") == "");
  CHECK(find_query_parameter("a=%20=", "a") == "%20=");
  CHECK_FALSE(find_query_parameter("a=1", "A"));
  CHECK_FALSE(find_query_parameter("", "a"));
  CHECK_FALSE(find_query_parameter("b=a", "a"));
}

}  // namespace
}  // namespace ficus::proxy::http
