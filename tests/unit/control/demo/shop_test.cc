#include "control/cli/demo/shop.h"

#include <functional>
#include <thread>

#include "control/cli/demo/admin_calls.h"
#include "control/cli/demo/traffic.h"
#include "tests/support/catch.h"

using namespace ficus::control::demo;

namespace {

// Users run at their own pace: looks until it is so, for at most ten seconds.
bool becomes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TrafficOptions users_of(const Shop& shop) {
  return {shop.port(), {"shop.test"}, 4, std::chrono::milliseconds(2)};
}

}  // namespace

TEST_CASE("users count the answers of the shop that gave them") {
  Shop shop("new", make_order_book());
  const Traffic traffic(users_of(shop));
  CHECK(becomes_true([&] { return traffic.totals().at(0).fresh >= 50; }));
  const Tally seen = traffic.totals().at(0);
  CHECK(seen.legacy == 0);
  CHECK(seen.failed() == 0);
}

TEST_CASE("users of a shop that answers 500 see reads and orders fail") {
  Shop shop("legacy", make_order_book());
  shop.set(Condition::answers_500);
  const Traffic traffic(users_of(shop));
  CHECK(becomes_true([&] {
    const Tally seen = traffic.totals().at(0);
    return seen.failed_gets > 0 && seen.failed_posts > 0;
  }));
}

TEST_CASE("a shop that refuses connections comes back on the same port") {
  Shop shop("legacy", make_order_book());
  const std::uint16_t port = shop.port();
  const AdminCalls calls(port);
  CHECK(calls.get("/products").status == 200);
  shop.set(Condition::refuses);
  CHECK(calls.get("/products").status == 0);
  shop.set(Condition::healthy);
  CHECK(shop.port() == port);
  CHECK(calls.get("/products").status == 200);
}

TEST_CASE("a shop ends while users wait for one that hangs") {
  Shop shop("legacy", make_order_book());
  shop.set(Condition::hangs);
  const Traffic traffic(users_of(shop));
  CHECK(traffic.totals().at(0).failed() == 0);
}
