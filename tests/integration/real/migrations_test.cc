// From one web server that others wrote to another, under load.

#include <string>
#include <utility>

#include "tests/integration/real/load.h"
#include "tests/integration/real/real_server.h"
#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/real_software.h"

using namespace ficus::tests;

namespace {

constexpr std::size_t kRequestsAtAWeight = 250;

std::string between(const RealServer& legacy, const RealServer& fresh) {
  return "backends:\n"
         "  old: {endpoints: [\"" +
         legacy.url() +
         "\"]}\n"
         "  new: {endpoints: [\"" +
         fresh.url() +
         "\"]}\n"
         "routes:\n"
         "  - {name: site, match: {path_prefix: /}, legacy: old, new: new, weight: 0}\n";
}

void set_weight(const FicusProcess& ficus, int weight) {
  const HttpMessage answer =
      ficus.admin_put("/api/v1/routes/site/weight",
                      "{\"weight\": " + std::to_string(weight) + ", \"reason\": \"migration\"}");
  INFO(answer.raw);
  REQUIRE(answer.status() == 200);
}

// Whether a metric has no sample other than 0.
bool is_zero(const std::string& metrics, const std::string& name) {
  for (std::size_t at = 0; (at = metrics.find("\n" + name, at)) != std::string::npos; ++at) {
    const std::string line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
    if (!line.ends_with(" 0")) return false;
  }
  return true;
}

void migrate(const std::string& from, const std::string& to) {
  for (const std::string& name : {from, to}) {
    if (!have_programs(programs_of(name))) return;
  }
  auto legacy = start_real_server(from);
  const auto fresh = start_real_server(to);
  FicusProcess ficus(between(*legacy, *fresh));
  Load load(ficus.port(), *legacy, *fresh);

  const Answers before = load.next(kRequestsAtAWeight);
  CHECK(before.from_legacy > 0);
  CHECK(before.from_new == 0);

  set_weight(ficus, 10);
  const Answers begun = load.next(kRequestsAtAWeight);
  CHECK(begun.from_new > 0);
  CHECK(begun.from_new < begun.from_legacy);

  set_weight(ficus, 50);
  const Answers half = load.next(kRequestsAtAWeight);
  CHECK(half.from_legacy > kRequestsAtAWeight / 5);
  CHECK(half.from_new > kRequestsAtAWeight / 5);

  set_weight(ficus, 100);
  const Answers all = load.next(kRequestsAtAWeight);
  CHECK(all.from_legacy == 0);
  CHECK(all.from_new > 0);

  legacy.reset();  // switched off
  const Answers without_legacy = load.next(kRequestsAtAWeight);
  CHECK(without_legacy.from_new > 0);

  load.stop();
  CHECK(load.failures() == "");
  const std::string metrics = ficus.admin_get("/metrics").body;
  CHECK(metrics.find("ficus_requests_total{") != std::string::npos);
  CHECK(is_zero(metrics, "ficus_client_errors_total{"));
  CHECK(is_zero(metrics, "ficus_rollbacks_total{"));
  ficus.terminate();
}

}  // namespace

// Each server is once what is left and once what is moved to.

TEST_CASE("a site moves from nginx to Apache under load without a failed request") {
  migrate("nginx", "apache");
}

TEST_CASE("a site moves from Apache to Caddy under load without a failed request") {
  migrate("apache", "caddy");
}

TEST_CASE("a site moves from Caddy to Node under load without a failed request") {
  migrate("caddy", "node");
}

TEST_CASE("a site moves from Node to python3's http.server under load without a failed request") {
  migrate("node", "python");
}

TEST_CASE("a site moves from python3's http.server to nginx under load without a failed request") {
  migrate("python", "nginx");
}
