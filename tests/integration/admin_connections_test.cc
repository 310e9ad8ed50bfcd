// What a client may do to the admin listener with bytes and connections alone.

#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"

namespace ficus::tests {
namespace {

std::string shop_on(const HttpBackend& legacy) {
  return "backends: {old: {endpoints: [\"" + legacy.url() +
         "\"]}}\nroutes: [{name: shop, match: {path_prefix: /}, legacy: old}]\n";
}

constexpr std::size_t kPlaces = 64;

}  // namespace

TEST_CASE("two Host lines are 400 on the admin listener, whichever is ours") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(shop_on(legacy));
  const auto status = [&](const std::string& target, const std::string& hosts) {
    return fetch(ficus.admin_port(),
                 "GET " + target + " HTTP/1.1\r\n" + hosts + "Connection: close\r\n\r\n")
        .status();
  };
  const std::string ours = "Host: localhost\r\n";
  const std::string foreign = "Host: evil.example\r\n";
  CHECK(status("/api/v1/status", ours) == 200);
  CHECK(status("/api/v1/status", ours + foreign) == 400);
  CHECK(status("/api/v1/status", foreign + ours) == 400);
  CHECK(status("/api/v1/status", ours + ours) == 400);
  CHECK(status("http://localhost/api/v1/status", ours) == 200);
  CHECK(status("http://evil.example/api/v1/status", ours) == 400);
  CHECK(status("http://evil.example/api/v1/status", foreign) == 403);
}

TEST_CASE("connections that are held open do not lock the operator out") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(shop_on(legacy));
  std::vector<std::unique_ptr<RawClient>> held;
  const auto hold = [&](const std::string& bytes) {
    held.push_back(std::make_unique<RawClient>(ficus.admin_port()));
    if (!bytes.empty()) held.back()->send(bytes);
  };
  const std::string livez = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  hold("GET /metr");
  hold("PUT /api/v1/routes/shop/weight HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{");
  while (held.size() < kPlaces) hold("");
  CHECK(held.back()->exchange(livez).status() == 200);  // everybody before has a place

  CHECK(ficus.admin_get("/livez").status() == 200);
  CHECK(held[0]->is_closed());
  CHECK(held[2]->exchange(livez).status() == 200);
  CHECK(ficus.command({"routes"}).exit.code == 0);

  for (std::size_t i = 0; i < 3 * kPlaces; ++i) hold("GET /metr");
  CHECK(ficus.admin_get("/livez").status() == 200);
  CHECK(held[1]->is_closed());
}

}  // namespace ficus::tests
