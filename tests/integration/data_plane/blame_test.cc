// Whose fault a failure is, and what the guard is told of it.

#include "tests/integration/data_plane/metric.h"
#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string all_to_new(const ScriptedBackend& legacy, const ScriptedBackend& fresh,
                       const TwoSides& terms) {
  return split({legacy.url()}, {fresh.url()}, terms);
}

std::string new_errors(const std::string& kind) {
  return R"(ficus_side_errors_total{route="shop",side="new",kind=")" + kind + "\"}";
}
std::string client_errors(const std::string& kind) {
  return R"(ficus_client_errors_total{route="shop",kind=")" + kind + "\"}";
}

}  // namespace

TEST_CASE("data plane: a client that leaves amid its own body says nothing of the server") {
  ScriptedBackend legacy;
  ScriptedBackend fresh({read_head(), read_to_end()});
  TwoSides terms;
  terms.timeouts = "first_byte: 200ms";
  FicusProcess ficus(all_to_new(legacy, fresh, terms));
  RawClient client(ficus.port());
  client.send(request("POST /", "Content-Length: 2\r\n", "x"));
  fresh.wait_for_bytes(0, forwarded("POST /", "Content-Length: 2\r\n", "x").size());
  CHECK(client.is_quiet(milliseconds(300)));
  client.reset();
  wait_for_metric(ficus, client_errors("client_abort"), 1);
  CHECK(metric(ficus, new_errors("gave_up")) == -1);
}

TEST_CASE("data plane: a client that waited long for an answer and left was failed") {
  ScriptedBackend legacy;
  ScriptedBackend fresh({read_head(), read_to_end()});
  TwoSides terms;
  terms.timeouts = "first_byte: 4s";
  FicusProcess ficus(all_to_new(legacy, fresh, terms));
  RawClient client(ficus.port());
  SECTION("behind a whole request") { client.send(request("GET /")); }
  SECTION("before the server said 100") {
    client.send(request("POST /", "Content-Length: 2\r\nExpect: 100-continue\r\n"));
  }
  CHECK(client.is_quiet(milliseconds(2'100)));
  client.reset();
  wait_for_metric(ficus, new_errors("gave_up"), 1);
}

TEST_CASE("data plane: the client's time for its body begins when the server says 100") {
  ScriptedBackend backend({read_head(), hold(), send("HTTP/1.1 100 Continue\r\n\r\n"),
                           read_count(5), send(ok("ok")), again()});
  SECTION("and it said nothing before") {}
  SECTION("and it said 103 before") {
    backend.on_every_connection({read_head(), send("HTTP/1.1 103 Early Hints\r\n\r\n"), hold(),
                                 send("HTTP/1.1 100 Continue\r\n\r\n"), read_count(5),
                                 send(ok("ok")), again()});
  }
  FicusProcess ficus(
      "listeners: [{address: \"127.0.0.1:0\", timeouts: {request_body_idle: 1s}}]\n" +
      in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  backend.wait_for_connection();
  Deadline over_the_limit(milliseconds(1'200));
  while (!over_the_limit.passed()) pause_between_polls();
  backend.release();
  client.read_until("100 Continue\r\n\r\n");
  CHECK(client.is_quiet(milliseconds(250)));
  CHECK(client.exchange("hello").raw == ok("ok"));
}

TEST_CASE("data plane: a client that is answered in place of a 100 owes no body") {
  ScriptedBackend legacy;
  ScriptedBackend fresh({read_head(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                         hold(), send(chunk("late") + "0\r\n\r\n"), read_to_end()});
  TwoSides terms;
  terms.timeouts = "first_byte: 1s";
  terms.listener = "timeouts: {request_body_idle: 1s}";
  FicusProcess ficus(all_to_new(legacy, fresh, terms));
  RawClient client(ficus.port());
  client.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  client.read_until("\r\n\r\n");
  CHECK(client.is_quiet(milliseconds(1'300)));
  fresh.release();
  client.read_until("late\r\n0\r\n\r\n");
  CHECK(metric(ficus, new_errors("first_byte_timeout")) == -1);
}

TEST_CASE("data plane: a status is judged by guard.failures whether it falls back or not") {
  ScriptedBackend legacy(answer_each(ok("legacy")));
  ScriptedBackend fresh(answer_each("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"));
  TwoSides terms;
  terms.route = "fallback: {on: [503], budget_percent: 100}";
  SECTION("it is no failure") {
    terms.guard = "{mode: observe, failures: {statuses: [500]}}";
    FicusProcess ficus(all_to_new(legacy, fresh, terms));
    CHECK(fetch(ficus.port(), request("GET /")).body == "legacy");
    wait_for_metric(ficus, R"(ficus_fallbacks_total{route="shop",outcome="served"})", 1);
    CHECK(metric(ficus, new_errors("status")) == -1);
  }
  SECTION("it is one, once") {
    terms.guard = "{mode: observe}";
    FicusProcess ficus(all_to_new(legacy, fresh, terms));
    CHECK(fetch(ficus.port(), request("GET /")).body == "legacy");
    wait_for_metric(ficus, new_errors("status"), 1);
    wait_for_metric(ficus, R"(ficus_fallbacks_total{route="shop",outcome="served"})", 1);
    CHECK(metric(ficus, new_errors("status")) == 1);
  }
}

// One endpoint takes the request and breaks off; the other refuses its handshake, which says of
// itself alone that nothing was taken in.
TEST_CASE("data plane: a write that any server of new took is not repeated on legacy") {
  TlsTerms terms;
  terms.certificates = {TestCertificate::self_signed()};
  TlsBackend takes(terms, [](TlsStream& stream) {
    stream.read_message(MessageKind::request);
    stream.cut();
  });
  terms.want_client_certificate = true;
  TlsBackend refuses(terms, [](TlsStream& stream) { stream.read_to_end(); });
  ScriptedBackend legacy;
  FicusProcess ficus(
      "workers: 1\nbackends:\n  old: {endpoints: [\"" + legacy.url() +
      "\"]}\n  fresh: {endpoints: [\"" + takes.url() + "\", \"" + refuses.url() +
      "\"], tls: {verify: false}}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, "
      "new: fresh, weight: 100, guard: off, writes: separate, "
      "fallback: {on: [connect_failure, reset], budget_percent: 100}}\n");
  for (int i = 0; i < 8; ++i) {
    CHECK(fetch(ficus.port(), request("PUT /", "Content-Length: 2\r\n", "hi")).status() == 502);
  }
  CHECK(legacy.requests() == 0);
}
