#include <string>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"

namespace ficus::tests {
namespace {

std::string shop_on(const HttpBackend& legacy, const HttpBackend& fresh,
                    const std::string& route_keys) {
  return "backends:\n  old: {endpoints: [\"" + legacy.url() + "\"]}\n  new: {endpoints: [\"" +
         fresh.url() + "\"]}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, " +
         "new: new, " + route_keys + "}\n";
}

const std::string kWeight = "/api/v1/routes/shop/weight";
const std::string kBack = kWeight + "?reason=back";

}  // namespace

TEST_CASE("a weight set through the API moves the next request") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus(shop_on(legacy, fresh, "weight: 0, guard: {slow_start: false}"));
  CHECK(get(ficus.port(), "/").body == "legacy");

  const HttpMessage answer = ficus.admin_put(kWeight, R"({"weight": 100, "reason": "a test"})");
  CHECK(answer.status() == 200);
  CHECK_THAT(answer.body, ContainsSubstring("\"durable\":false"));
  for (int i = 0; i < 8; ++i) CHECK(get(ficus.port(), "/").body == "new");

  CHECK(ficus.admin_delete(kBack).status() == 200);
  CHECK(get(ficus.port(), "/").body == "legacy");
  ficus.terminate();
}

TEST_CASE("the commands set, show, roll back and rearm") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus(shop_on(legacy, fresh, "weight: 0, guard: {slow_start: false}"));

  const Finished set = ficus.command({"weight", "shop", "100", "--reason", "go"});
  CHECK(set.exit.code == 0);
  CHECK_THAT(set.out, ContainsSubstring("shop 100 % new"));
  CHECK(get(ficus.port(), "/").body == "new");

  CHECK(ficus.command({"rollback", "--all", "--reason", "no"}).exit.code == 0);
  CHECK(get(ficus.port(), "/").body == "legacy");
  const Finished refused = ficus.command({"weight", "shop", "1", "--reason", "again"});
  CHECK(refused.exit.code == 3);
  CHECK_THAT(refused.error, ContainsSubstring("ficus rearm shop"));
  CHECK_THAT(ficus.command({"status"}).out,
             ContainsSubstring("ON LEGACY since") && ContainsSubstring("rollback by operator"));

  CHECK(ficus.command({"rearm", "shop"}).exit.code == 0);
  CHECK(get(ficus.port(), "/").body == "legacy");
  CHECK(ficus.command({"weight", "shop", "100", "--reason", "again"}).exit.code == 0);
  CHECK(get(ficus.port(), "/").body == "new");
  CHECK_THAT(ficus.command({"routes"}).out, ContainsSubstring("override"));
  CHECK(ficus.command({"weight", "nothing", "1", "--reason", "r"}).exit.code == 1);
}

TEST_CASE("a broken new side is rolled back, and the log and the API say why") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.set_mode(BackendMode::failing);
  fresh.set_status(503);
  FicusProcess ficus(shop_on(legacy, fresh, "weight: 50"));
  const bool back = eventually([&] {
    get(ficus.port(), "/basket");
    return ficus.admin_get("/api/v1/routes/shop").body.find("\"latched\":true") !=
           std::string::npos;
  });
  REQUIRE(back);
  CHECK(fresh.requests() <= 18);
  const std::string line = ficus.process().wait_for_line("rollback route=");
  CHECK_THAT(line, ContainsSubstring("by=guard") && ContainsSubstring("cause=absolute") &&
                       ContainsSubstring("503 x") && ContainsSubstring("GET /basket") &&
                       ContainsSubstring("wealth="));
  const std::string route = ficus.admin_get("/api/v1/routes/shop").body;
  CHECK_THAT(route, ContainsSubstring("\"first_failures\":[{") &&
                        ContainsSubstring("\"path\":\"/basket\"") &&
                        ContainsSubstring("\"cause\":\"absolute\""));
  CHECK_THAT(ficus.admin_get("/metrics").body,
             ContainsSubstring("ficus_rollbacks_total{route=\"shop\",cause=\"absolute\"} 1"));
  for (int i = 0; i < 8; ++i) CHECK(get(ficus.port(), "/").body == "legacy");
}

TEST_CASE("a guard that observes says what it would do and does not") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.set_mode(BackendMode::failing);
  FicusProcess ficus(
      shop_on(legacy, fresh, "weight: 100, guard: {mode: observe, slow_start: false}"));
  const bool said = eventually([&] {
    get(ficus.port(), "/");
    return ficus.admin_get("/api/v1/routes/shop").body.find("would_roll_back") != std::string::npos;
  });
  CHECK(said);
  CHECK(get(ficus.port(), "/").status() == 500);
}

TEST_CASE("a new side whose checks fail loses its traffic, and is rolled back after the grace") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const std::string configuration =
      "backends:\n  old: {endpoints: [\"" + legacy.url() + "\"]}\n  new: {endpoints: [\"" +
      fresh.url() +
      "\"], health_check: {path: /up, interval: 100ms, unhealthy_after: 1, healthy_after: 1}}\n"
      "routes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, new: new, weight: 100,\n"
      "     guard: {slow_start: false, unhealthy_grace: 300ms}}\n";
  FicusProcess ficus(configuration);
  CHECK(get(ficus.port(), "/").body == "new");
  fresh.set_mode(BackendMode::failing);
  CHECK_THAT(ficus.process().wait_for_line("is unhealthy"), ContainsSubstring("answered 500"));
  CHECK(eventually([&] { return get(ficus.port(), "/").body == "legacy"; }));
  CHECK_THAT(ficus.process().wait_for_line("rollback route="),
             ContainsSubstring("cause=unhealthy"));
}

TEST_CASE("a new side that fell while legacy was down is rolled back once legacy serves again") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const std::string check =
      ", health_check: {path: /up, interval: 100ms, unhealthy_after: 1, healthy_after: 1}}\n";
  FicusProcess ficus(
      "backends:\n  old: {endpoints: [\"" + legacy.url() + "\"]" + check +
      "  new: {endpoints: [\"" + fresh.url() + "\"]" + check +
      "routes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, new: new, weight: 100,\n"
      "     guard: {slow_start: false, unhealthy_grace: 300ms}}\n");
  CHECK(get(ficus.port(), "/").body == "new");
  legacy.set_mode(BackendMode::failing);
  ficus.process().wait_for_line("is unhealthy");
  fresh.set_mode(BackendMode::failing);
  CHECK_THAT(ficus.process().wait_for_line("hold route="),
             ContainsSubstring("BOTH SIDES ARE DOWN"));
  legacy.set_mode(BackendMode::ok);
  CHECK_THAT(ficus.process().wait_for_line("rollback route="),
             ContainsSubstring("cause=unhealthy"));
  // Where it stays, once new is back, until somebody says otherwise.
  fresh.set_mode(BackendMode::ok);
  ficus.process().wait_for_line("is healthy");
  CHECK(get(ficus.port(), "/").body == "legacy");
  const std::string output = ficus.process().output();
  CHECK(output.find("hold route=") == output.rfind("hold route="));
}

}  // namespace ficus::tests
