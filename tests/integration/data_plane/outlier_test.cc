// Endpoints that fail: who is asked in their place, and for how long.

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

std::string backend_of(const std::vector<std::string>& urls, const std::string& terms) {
  std::string list;
  for (const std::string& url : urls) list += (list.empty() ? "\"" : ", \"") + url + "\"";
  return "workers: 1\nbackends:\n  shop: {endpoints: [" + list + "]" + terms +
         "}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: shop}\n";
}

std::string endpoint_of(const std::string& name, const HttpBackend& backend) {
  return name + "{backend=\"shop\",endpoint=\"127.0.0.1:" + std::to_string(backend.port()) + "\"}";
}

}  // namespace

TEST_CASE("data plane: an endpoint that answers 5xx is ejected and returns") {
  HttpBackend good("good"), bad("bad");
  bad.set_mode(BackendMode::failing);
  FicusProcess ficus(backend_of({good.url(), bad.url()},
                                ", outlier_detection: {consecutive_failures: 3, "
                                "base_ejection_time: 1s, max_ejection_time: 1s}"));
  RawClient client(ficus.port());
  int failed = 0;
  while (failed < 3) failed += client.exchange(request("GET /")).status() == 500 ? 1 : 0;
  // From the third one on, whether the control thread has looked already or not.
  for (int i = 0; i < 30; ++i) CHECK(client.exchange(request("GET /")).status() == 200);
  CHECK(bad.requests() == 3);
  wait_for_metric(ficus, endpoint_of("ficus_endpoint_ejected", bad), 1);
  CHECK(metric(ficus, endpoint_of("ficus_ejections_total", bad)) == 1);
  CHECK(metric(ficus, endpoint_of("ficus_endpoint_healthy", bad)) == 1);
  CHECK_THAT(ficus.admin_get("/api/v1/routes/shop").body, ContainsSubstring("\"ejected\":true"));

  bad.set_mode(BackendMode::ok);
  wait_for_metric(ficus, endpoint_of("ficus_endpoint_ejected", bad), 0);
  while (bad.requests() == 3) client.exchange(request("GET /"));
  CHECK(metric(ficus, endpoint_of("ficus_ejections_total", bad)) == 1);
}

TEST_CASE("data plane: the last endpoint is not ejected, however it fails") {
  HttpBackend bad("bad");
  bad.set_mode(BackendMode::failing);
  FicusProcess ficus(backend_of({bad.url()}, ", outlier_detection: {consecutive_failures: 1}"));
  RawClient client(ficus.port());
  for (int i = 0; i < 20; ++i) CHECK(client.exchange(request("GET /")).status() == 500);
  CHECK(metric(ficus, endpoint_of("ficus_ejections_total", bad)) == 0);
}

TEST_CASE("data plane: a request that may be repeated survives a server that resets") {
  HttpBackend good("good"), bad("bad");
  bad.set_mode(GENERATE(BackendMode::resetting, BackendMode::closing));
  FicusProcess ficus(backend_of({good.url(), bad.url()}, ""));
  RawClient client(ficus.port());
  for (int i = 0; i < 20; ++i) {
    CHECK(client.exchange(request("GET /")).status() == 200);
    CHECK(client.exchange(request("PUT /", "Content-Length: 2\r\n", "ab")).status() == 200);
  }
  CHECK(metric(ficus, "ficus_retries_total{backend=\"shop\",reason=\"reset\"}") > 0);
  // What may not be repeated is never seen by two servers.
  int failed = 0;
  for (int i = 0; i < 20; ++i) {
    RawClient one(ficus.port());
    failed += one.exchange(request("POST /", "Content-Length: 1\r\n", "x")).status() == 502;
  }
  CHECK(bad.posts() == static_cast<std::uint64_t>(failed));
  CHECK(good.posts() + bad.posts() == 20);
}

TEST_CASE("data plane: one of three endpoints comes and goes, and nobody sees it") {
  HttpBackend a("a"), b("b"), flapping("c");
  FicusProcess ficus(backend_of({a.url(), b.url(), flapping.url()},
                                ", outlier_detection: {consecutive_failures: 2, "
                                "base_ejection_time: 100ms, max_ejection_time: 200ms}"));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<RawClient>(ficus.port()));
  const auto everybody = [&] {
    for (auto& client : clients) client->send(request("GET /"));
    for (auto& client : clients) CHECK(client->read_response().status() == 200);
  };
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 5; ++i) everybody();
    for (auto& client : clients) client->send(request("GET /"));
    flapping.stop();
    for (auto& client : clients) CHECK(client->read_response().status() == 200);
    for (int i = 0; i < 10; ++i) everybody();
    flapping.start();
  }
  CHECK(metric(ficus, "ficus_requests_total{route=\"shop\",side=\"legacy\",code=\"502\"}") == -1);
}
