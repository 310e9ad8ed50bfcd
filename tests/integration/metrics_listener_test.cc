// The listener of `metrics`, which other machines reach: it tells the numbers, and nothing else.

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/descriptor_shortage.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

constexpr std::size_t kPlaces = 16;

std::string shop_on(const HttpBackend& legacy) {
  return "backends: {old: {endpoints: [\"" + legacy.url() + "\"]}, new: {endpoints: [\"" +
         legacy.url() + "\"]}}\nroutes: [{name: shop, legacy: old, new: new, weight: 0}]\n";
}

std::string with_metrics(const HttpBackend& legacy, const std::string& address = "127.0.0.1:0") {
  return "metrics: {address: \"" + address + "\"}\n" + shop_on(legacy);
}

std::uint16_t metrics_port(FicusProcess& ficus) {
  const std::string line = ficus.process().wait_for_line("metrics on ");
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

std::string asked(const std::string& method_and_path, const std::string& fields = "") {
  return method_and_path + " HTTP/1.1\r\nHost: prometheus-target.example:9902\r\n" + fields +
         "Connection: close\r\n\r\n";
}

int status(std::uint16_t port, const std::string& bytes) { return fetch(port, bytes).status(); }

}  // namespace

TEST_CASE("metrics and probes are read by any name, with GET and HEAD") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(with_metrics(legacy));
  const std::uint16_t port = metrics_port(ficus);
  const HttpMessage scraped = fetch(port, asked("GET /metrics"));
  CHECK(scraped.status() == 200);
  CHECK(scraped.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(scraped.body, ContainsSubstring("\nficus_route_latched{route=\"shop\"} 0\n"));
  CHECK(fetch(port, asked("GET /livez")).body == "alive\n");
  CHECK(fetch(port, asked("GET /readyz?from=balancer")).body == "ready\n");
  CHECK(status(port, asked("GET /metrics", "Origin: https://grafana.example\r\n")) == 200);
  CHECK(status(port, "GET /livez HTTP/1.0\r\n\r\n") == 200);

  RawClient client(port);
  client.send(asked("HEAD /readyz"));
  const std::string head = client.read_to_end();
  CHECK_THAT(
      head, ContainsSubstring("HTTP/1.1 200 OK\r\n") && ContainsSubstring("Content-Length: 6\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("nothing can be changed on the metrics listener, or seen of the admin API") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(with_metrics(legacy));
  const std::uint16_t port = metrics_port(ficus);
  for (const char* path :
       {"/", "/api/v1/status", "/api/v1/routes", "/api/v1/routes/shop",
        "/api/v1/backends/old/tolerated", "/metrics/", "/metrics/../api/v1/status", "/Metrics",
        "http://127.0.0.1:9902/api/v1/status", "/%2e%2e/api/v1/status"}) {
    INFO(path);
    const bool absolute = std::string(path).starts_with("http");
    const HttpMessage refused =
        absolute ? fetch(port, "GET " + std::string(path) +
                                   " HTTP/1.1\r\nHost: 127.0.0.1:9902\r\nConnection: close\r\n\r\n")
                 : fetch(port, asked("GET " + std::string(path)));
    CHECK(refused.status() == 404);
    CHECK(refused.header("Content-Type") == "application/problem+json");
    CHECK_THAT(refused.body, ContainsSubstring("all else is on admin.address"));
  }
  const std::string json =
      "Content-Type: application/json\r\nHost: localhost\r\nContent-Length: 31\r\n"
      "Connection: close\r\n\r\n{\"weight\": 100, \"reason\": \"why\"}";
  for (const char* change :
       {"PUT /api/v1/routes/shop/weight", "DELETE /api/v1/routes/shop/weight?reason=r",
        "POST /api/v1/routes/shop/rollback", "POST /api/v1/rollback"}) {
    INFO(change);
    CHECK(status(port, std::string(change) + " HTTP/1.1\r\n" + json) == 404);
  }
  for (const char* method : {"PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
    INFO(method);
    const HttpMessage refused = fetch(port, asked(std::string(method) + " /metrics"));
    CHECK(refused.status() == 405);
    CHECK(refused.header("Allow") == "GET, HEAD");
    CHECK(refused.header("Content-Type") == "application/problem+json");
  }
  CHECK_THAT(ficus.admin_get("/api/v1/routes/shop").body,
             ContainsSubstring("\"weight\":0E0") || ContainsSubstring("\"weight\":0"));
  CHECK_THAT(ficus.admin_get("/api/v1/routes/shop").body, ContainsSubstring("\"latched\":false"));
}

TEST_CASE("a request that is in doubt is refused on the metrics listener too") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(with_metrics(legacy));
  const std::uint16_t port = metrics_port(ficus);
  CHECK(status(port, "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n") == 400);
  CHECK(status(port, asked("GET /metrics", "Host: b\r\n")) == 400);
  CHECK(status(port, asked("GET http://other.example/metrics")) == 400);
  CHECK(status(port, "nonsense\r\n\r\n") == 400);
  CHECK(status(port, asked("POST /metrics", "Content-Length: 999999999\r\n")) == 413);
  CHECK(status(port, asked("GET /metrics")) == 200);
}

TEST_CASE("connections that are held open keep no scrape out, nor the operator") {
  HttpBackend legacy("legacy");
  FicusProcess ficus(with_metrics(legacy));
  const std::uint16_t port = metrics_port(ficus);
  std::vector<std::unique_ptr<RawClient>> held;
  const auto hold = [&](const std::string& bytes) {
    held.push_back(std::make_unique<RawClient>(port));
    held.back()->send(bytes);
  };
  for (std::size_t i = 0; i < kPlaces; ++i) hold(i % 2 == 0 ? "" : "GET /metr");
  CHECK(status(port, asked("GET /metrics")) == 200);
  CHECK(held.front()->is_closed());
  for (std::size_t i = 0; i < 4 * kPlaces; ++i) hold("GET /metrics HTTP/1.1\r\n");
  CHECK(status(port, asked("GET /metrics")) == 200);
  CHECK(ficus.admin_get("/livez").status() == 200);
}

TEST_CASE("who asks and does not read the answer keeps no scrape out") {
  HttpBackend legacy("legacy");
  std::string routes = "backends: {old: {endpoints: [\"" + legacy.url() +
                       "\"]}}\nroutes:\n";  // so many that a scrape is larger than socket buffers
  for (int i = 0; i < 1600; ++i) {
    const std::string name = "route-with-a-long-name-number-" + std::to_string(i);
    routes += "  - {name: " + name + ", match: {path_prefix: /" + name + "}, legacy: old}\n";
  }
  FicusProcess ficus("metrics: {address: \"127.0.0.1:0\"}\n" + routes);
  const std::uint16_t port = metrics_port(ficus);
  const std::string size = fetch(port, asked("HEAD /metrics")).header("Content-Length").value();
  REQUIRE(std::stoul(size) > 5'000'000);
  std::vector<std::unique_ptr<RawClient>> held;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    held.push_back(std::make_unique<RawClient>(port));
    held.back()->limit_receive_buffer(4096);
    held.back()->send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(held.back()->read_bytes(8) == "HTTP/1.1");
  }
  CHECK(fetch(port, asked("GET /livez")).body == "alive\n");
}

TEST_CASE("traffic that uses up its descriptors leaves those of metrics and admin") {
  FICUS_NEEDS_NO_SANITIZER();
  HttpBackend legacy("legacy");
  constexpr int kDescriptors = 256;
  FicusProcess ficus("limits: {max_connections: 1000}\n" + with_metrics(legacy), kDescriptors);
  const std::uint16_t port = metrics_port(ficus);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2 * kDescriptors; ++i) {
    clients.push_back(std::make_unique<RawClient>(ficus.port()));
  }
  CHECK(clients.back()->read_response().status() == 503);
  std::vector<std::unique_ptr<RawClient>> held;
  for (std::size_t i = 0; i < 2 * kPlaces; ++i) held.push_back(std::make_unique<RawClient>(port));
  for (int i = 0; i < 3; ++i) {
    CHECK(status(port, asked("GET /metrics")) == 200);
    CHECK(ficus.admin_get("/livez").status() == 200);
  }
}

TEST_CASE("the metrics listener needs a restart to come, go or move") {
  HttpBackend legacy("legacy");
  {
    FicusProcess ficus(with_metrics(legacy));
    const std::uint16_t port = metrics_port(ficus);
    for (const std::string& other :
         {shop_on(legacy), with_metrics(legacy, "127.0.0.2:0"), with_metrics(legacy, "[::1]:0")}) {
      CHECK_THAT(ficus.reload(other), ContainsSubstring("refused"));
      CHECK_THAT(ficus.process().output(),
                 ContainsSubstring("metrics.address: cannot change while running (it is "
                                   "127.0.0.1:0): it needs a restart"));
      CHECK(status(port, asked("GET /livez")) == 200);
    }
    CHECK_THAT(ficus.reload("revision: two\n" + with_metrics(legacy)),
               ContainsSubstring("reloaded"));
    CHECK(status(port, asked("GET /livez")) == 200);
  }
  FicusProcess without(shop_on(legacy));
  CHECK_THAT(without.reload(with_metrics(legacy)), ContainsSubstring("refused"));
  CHECK_THAT(without.process().output(),
             ContainsSubstring("metrics.address: cannot change while running (it is not given)"));
}

TEST_CASE("a metrics address that cannot be had is named with its place and the mend") {
  HttpBackend legacy("legacy");
  TemporaryFolder folder;
  const auto told = [&](const std::string& address) {
    const auto file = folder.write(
        "f.yaml",
        "version: 1\nlisteners: [{address: \"127.0.0.1:0\"}]\nadmin: {address: \"127.0.0.1:0\"}\n" +
            with_metrics(legacy, address));
    const Finished done = run_ficus({"run", file.string()});
    CHECK(done.exit.code == 1);
    return done.error;
  };
  const std::string taken = "127.0.0.1:" + std::to_string(legacy.port());
  CHECK_THAT(told(taken),
             ContainsSubstring("f.yaml:4:10: metrics: cannot listen on " + taken) &&
                 ContainsSubstring("another process has the port: stop it, or write another "
                                   "metrics.address"));
  CHECK_THAT(told("203.0.113.77:0"), ContainsSubstring("this machine has no such address"));
}

TEST_CASE("metrics are to be had before the end: a drain is seen") {
  HttpBackend legacy("legacy");
  FicusProcess ficus("drain: {delay: 10s, timeout: 5s}\n" + with_metrics(legacy));
  const std::uint16_t port = metrics_port(ficus);
  ficus.process().signal(SIGTERM);
  CHECK(eventually([&] { return status(port, asked("GET /readyz")) == 503; }));
  CHECK(status(port, asked("GET /livez")) == 200);
  ficus.process().signal(SIGTERM);
  CHECK(ficus.process().wait().code == 0);
}

}  // namespace ficus::tests
