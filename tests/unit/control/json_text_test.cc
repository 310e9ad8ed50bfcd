#include "control/admin/json_text.h"

#include <limits>

#include <boost/json/parse.hpp>

#include "tests/support/catch.h"

namespace ficus::control {

TEST_CASE("numbers read as people write them") {
  namespace json = boost::json;
  CHECK(json_text({{"a", 5.0}, {"b", 0.25}, {"c", json::array{1, true, nullptr, "x\"y\n"}}}) ==
        R"({"a":5,"b":0.25,"c":[1,true,null,"x\"y\n"]})");
  CHECK(json_text(std::numeric_limits<double>::infinity()) == "null");
  CHECK(json_text(json::object{}) == "{}");
  CHECK(json_text(json::parse(R"({"a": [1.5, {"b": -3}]})")) == R"({"a":[1.5,{"b":-3}]})");
}

TEST_CASE("a document is UTF-8, whatever its texts are") {
  CHECK(json_text({{"a", "z\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb3"}}) ==
        "{\"a\":\"z\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb3\"}");
  const std::string lost = "\xef\xbf\xbd";
  for (const std::string bad : {"\xff", "\x80", "\xc3", "\xc0", "\xf5", "\xe2"}) {
    CHECK(json_text({{"a" + bad, "<" + bad + ">"}}) == "{\"a" + lost + "\":\"<" + lost + ">\"}");
  }
  // Overlong, surrogate, beyond the last: each byte on its own.
  CHECK(json_text("\xe0\x80\x80") == "\"" + lost + lost + lost + "\"");
  CHECK(json_text("\xed\xa0\x80") == "\"" + lost + lost + lost + "\"");
  CHECK(json_text("\xf4\x90\x80\x80") == "\"" + lost + lost + lost + lost + "\"");
}

}  // namespace ficus::control
