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

}  // namespace ficus::control
