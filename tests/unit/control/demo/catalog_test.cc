#include "control/cli/demo/catalog.h"

#include "tests/support/catch.h"

using namespace ficus::control::demo;

TEST_CASE("both versions of the shop know the same products, and the new one tells a currency") {
  const ShopAnswer old_one = shop_answer("legacy", "GET", "/products/2?from=home", 0);
  const ShopAnswer new_one = shop_answer("new", "GET", "/products/2", 0);
  CHECK(old_one.status == 200);
  CHECK(old_one.body == R"({"id":2,"name":"fig tree, young","price":39.00})");
  CHECK(new_one.body == R"({"id":2,"name":"fig tree, young","price":39.00,"currency":"EUR"})");
}

TEST_CASE("the shop lists, takes orders, and refuses what it does not know") {
  CHECK_THAT(shop_answer("new", "GET", "/products", 0).body,
             ContainsSubstring(R"("name":"fig jam")"));
  CHECK(shop_answer("legacy", "GET", "/cart", 0).status == 200);
  CHECK(shop_answer("legacy", "POST", "/orders", 7).status == 201);
  CHECK(shop_answer("legacy", "POST", "/orders", 7).body == R"({"order":7})");
  CHECK(shop_answer("legacy", "GET", "/orders", 7).status == 405);
  CHECK(shop_answer("legacy", "POST", "/cart", 7).status == 405);
  CHECK(shop_answer("legacy", "GET", "/products/6", 0).status == 404);
  CHECK(shop_answer("legacy", "GET", "", 0).status == 404);
}
