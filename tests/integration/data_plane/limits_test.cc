// How many connections a backend is given, and what becomes of requests that find none.

#include <chrono>
#include <thread>

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

std::string limited(const std::string& url, const std::string& terms, int workers = 1) {
  return "workers: " + std::to_string(workers) + "\nbackends:\n  only: {endpoints: [\"" + url +
         "\"], " + terms +
         "}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
}

// Answers a request when it is told to.
Script answer_on_release() { return {read_request(), hold(), send(ok("ok")), again()}; }

const std::string kPending = "ficus_pending_requests{backend=\"only\"}";

}  // namespace

TEST_CASE("data plane: past max_connections a request waits, past max_pending it is refused") {
  ScriptedBackend backend(answer_on_release());
  FicusProcess ficus(limited(backend.url(), "limits: {max_connections: 1, max_pending: 1}"));
  RawClient first(ficus.port()), second(ficus.port()), third(ficus.port());
  first.send(request("GET /1"));
  backend.wait_for_request(0);
  second.send(request("GET /2"));
  wait_for_metric(ficus, kPending, 1);

  const HttpMessage refused = third.exchange(request("GET /3"));
  CHECK(refused.status() == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK_THAT(refused.body, ContainsSubstring("too many requests wait"));
  CHECK(metric(ficus, "ficus_overflows_total{backend=\"only\"}") == 1);
  wait_for_metric(ficus, "ficus_client_errors_total{route=\"everything\",kind=\"overflow\"}", 1);

  backend.release();
  CHECK(first.read_response().status() == 200);
  backend.release();
  CHECK(second.read_response().status() == 200);
  CHECK(backend.connections() == 1);
  CHECK(metric(ficus, kPending) == 0);
}

TEST_CASE("data plane: a request waits for a connection no longer than timeouts.connect") {
  ScriptedBackend backend(answer_on_release());
  FicusProcess ficus(
      limited(backend.url(), "limits: {max_connections: 1}, timeouts: {connect: 100ms}"));
  RawClient first(ficus.port()), second(ficus.port());
  first.send(request("GET /1"));
  backend.wait_for_request(0);
  const HttpMessage refused = second.exchange(request("GET /2"));
  CHECK(refused.status() == 503);
  CHECK_THAT(refused.body, ContainsSubstring("came free in time"));
  backend.release();
  CHECK(first.read_response().status() == 200);
}

TEST_CASE("data plane: a client that leaves while it waits leaves the queue") {
  ScriptedBackend backend(answer_on_release());
  FicusProcess ficus(limited(backend.url(), "limits: {max_connections: 1, max_pending: 1}"));
  RawClient first(ficus.port()), impatient(ficus.port()), third(ficus.port());
  first.send(request("GET /1"));
  backend.wait_for_request(0);
  impatient.send(request("GET /2"));
  wait_for_metric(ficus, kPending, 1);
  impatient.reset();
  wait_for_metric(ficus, kPending, 0);
  third.send(request("GET /3"));
  wait_for_metric(ficus, kPending, 1);
  backend.release();
  first.read_response();
  backend.release();
  CHECK(third.read_response().status() == 200);
  CHECK_THAT(backend.wait_for_request(1).raw, ContainsSubstring("GET /3"));
}

TEST_CASE("data plane: a connection that ends makes room as one that comes free does") {
  ScriptedBackend backend({read_request(), hold(), send(ok("ok", "Connection: close\r\n"))});
  FicusProcess ficus(limited(backend.url(), "limits: {max_connections: 1}"));
  RawClient first(ficus.port()), second(ficus.port());
  first.send(request("GET /1"));
  backend.wait_for_request(0);
  second.send(request("GET /2"));
  wait_for_metric(ficus, kPending, 1);
  backend.release();
  CHECK(first.read_response().status() == 200);
  backend.release();
  CHECK(second.read_response().status() == 200);
  CHECK(backend.connections() == 2);
}

TEST_CASE("data plane: workers share the connections of a backend, idle ones too") {
  HttpBackend backend("only");
  FicusProcess ficus(limited(backend.url(), "limits: {max_connections: 2}", 4));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(std::make_unique<RawClient>(ficus.port()));
  // One after the other: a worker whose peers hold all idle connections is given one.
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) CHECK(client->exchange(request("GET /")).status() == 200);
  }
  // All at once: more workers than connections.
  backend.set_delay(milliseconds(2));
  for (int round = 0; round < 5; ++round) {
    for (auto& client : clients) client->send(request("GET /"));
    for (auto& client : clients) CHECK(client->read_response().status() == 200);
  }
  CHECK(metric(ficus, kPending) == 0);
}

TEST_CASE("data plane: requests one after the other need no max_pending, whichever worker") {
  HttpBackend backend("only");
  FicusProcess ficus(limited(backend.url(), "limits: {max_connections: 1, max_pending: 0}", 2));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(std::make_unique<RawClient>(ficus.port()));
  for (int round = 0; round < 10; ++round) {
    for (auto& client : clients) CHECK(client->exchange(request("GET /")).status() == 200);
  }
  CHECK(metric(ficus, "ficus_overflows_total{backend=\"only\"}") == 0);
}

TEST_CASE("data plane: without max_pending, what is too much at once is refused at once") {
  ScriptedBackend backend(answer_on_release());
  FicusProcess ficus(limited(backend.url(),
                             "limits: {max_connections: 1, max_pending: 0}, timeouts: "
                             "{connect: 60s}",
                             2));
  RawClient first(ficus.port());
  first.send(request("GET /"));
  backend.wait_for_request(0);
  for (int i = 0; i < 16; ++i) {
    RawClient other(ficus.port());
    CHECK(other.exchange(request("GET /")).status() == 503);
  }
  backend.release();
  CHECK(first.read_response().status() == 200);
}

TEST_CASE("data plane: an idle connection of another endpoint serves when there is no other") {
  HttpBackend a("a"), b("b");
  FicusProcess ficus(limited(a.url() + "\", \"" + b.url(), "limits: {max_connections: 1}"));
  RawClient client(ficus.port());
  for (int i = 0; i < 20; ++i) CHECK(client.exchange(request("GET /")).status() == 200);
  CHECK(a.connections() + b.connections() == 1);
}

TEST_CASE("data plane: what waits does not keep the proxy from ending") {
  ScriptedBackend backend(answer_on_release());
  FicusProcess ficus(
      limited(backend.url(), "limits: {max_connections: 1}, timeouts: {connect: 60s}") +
      "drain: {delay: 0s, timeout: 200ms}\n");
  RawClient first(ficus.port()), second(ficus.port());
  first.send(request("GET /1"));
  backend.wait_for_request(0);
  second.send(request("GET /2"));
  wait_for_metric(ficus, kPending, 1);
  ficus.terminate();
}

TEST_CASE("data plane: overflow on new goes to legacy if fallback says so") {
  ScriptedBackend fresh(answer_on_release());
  ScriptedBackend legacy;
  FicusProcess ficus("workers: 1\nbackends:\n  old: {endpoints: [\"" + legacy.url() +
                     "\"]}\n  fresh: {endpoints: [\"" + fresh.url() +
                     "\"], limits: {max_connections: 1, max_pending: 0}}\nroutes:\n"
                     "  - {name: shop, match: {path_prefix: /}, legacy: old, new: fresh, "
                     "weight: 100, guard: off, fallback: {on: [overflow], budget_percent: 100}}\n");
  RawClient first(ficus.port()), second(ficus.port());
  first.send(request("GET /1"));
  fresh.wait_for_request(0);
  CHECK(second.exchange(request("POST /2", "Content-Length: 1\r\n", "x")).status() == 200);
  CHECK(legacy.requests() == 1);
  fresh.release();
  CHECK(first.read_response().status() == 200);
}

TEST_CASE("data plane: preconnect opens connections before the first request") {
  ScriptedBackend backend;
  FicusProcess ficus(limited(backend.url(), "preconnect: 2"));
  backend.wait_for_connection(1);
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).status() == 200);
  CHECK(backend.connections() == 2);
}
