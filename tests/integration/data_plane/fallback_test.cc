// What failed on the new side and may be repeated is answered by legacy, and nothing else is.

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

constexpr std::string_view kAll =
    "fallback: {on: [connect_failure, reset, timeout, overflow, 502, 503, 504], "
    "budget_percent: 100}";

std::string with_fallback(const ScriptedBackend& legacy, const std::string& fresh,
                          std::string_view route = kAll) {
  TwoSides terms;
  terms.route = route;
  terms.timeouts = "first_byte: 1s, idle: 1s";
  return split({legacy.url()}, {fresh}, terms);
}

std::string fallback_on(const std::string& causes) {
  return "fallback: {on: [" + causes + "], budget_percent: 100}";
}

const std::string kFailed = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nbad";

}  // namespace

TEST_CASE("data plane: without fallback the new side's failures are the client's") {
  ScriptedBackend legacy;
  ScriptedBackend fresh(answer_each(kFailed));
  FicusProcess ficus(with_fallback(legacy, fresh.url(), ""));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).raw == kFailed);
  fresh.stop();
  CHECK(client.exchange(request("GET /")).status() == 502);
  CHECK(legacy.requests() == 0);
}

TEST_CASE("data plane: each failure of a GET falls back under its own cause only") {
  struct Failure {
    std::string name;
    Script script;
    std::string cause;
    int status;  // what the client gets if this cause is not in the list
  };
  const std::vector<Failure> failures = {
      {"orderly end", {read_request()}, "reset", 502},
      {"reset", {read_request(), reset_connection()}, "reset", 502},
      {"malformed", {read_request(), send("nonsense\r\n\r\n")}, "reset", 502},
      {"cut head", {read_request(), send("HTTP/1.1 200 OK\r\n")}, "reset", 502},
      {"unasked 101",
       {read_request(), send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")},
       "reset",
       502},
      {"silence", {read_request(), read_to_end()}, "timeout", 504},
      {"half a head", {read_request(), send("HTTP/1.1 200"), read_to_end()}, "timeout", 504},
      {"503", answer_each(kFailed), "503", 503},
      {"504", answer_each("HTTP/1.1 504 X\r\nContent-Length: 0\r\n\r\n"), "504", 504},
      {"502 after 103",
       answer_each("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n"), "502",
       502},
  };
  for (const Failure& failure : failures) {
    INFO(failure.name);
    ScriptedBackend legacy;
    ScriptedBackend fresh(failure.script);
    {
      FicusProcess ficus(with_fallback(legacy, fresh.url(), fallback_on(failure.cause)));
      CHECK(fetch(ficus.port(), request("GET /a")).raw == ok("ok"));
      CHECK(legacy.received() == forwarded("GET /a"));
      CHECK(fresh.requests() == 1);
    }
    std::string others = "connect_failure, overflow";
    for (const auto* cause : {"reset", "timeout", "502", "503", "504"}) {
      if (failure.cause != cause) others += std::string(", ") + cause;
    }
    FicusProcess ficus(with_fallback(legacy, fresh.url(), fallback_on(others)));
    CHECK(fetch(ficus.port(), request("GET /a")).status() == failure.status);
    CHECK(legacy.requests() == 1);
  }
}

TEST_CASE("data plane: a status that is not in the list is the answer") {
  ScriptedBackend legacy;
  ScriptedBackend fresh(answer_each("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"));
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  CHECK(fetch(ficus.port(), request("GET /")).status() == 500);
  CHECK(legacy.requests() == 0);
}

TEST_CASE("data plane: any method falls back if no byte was sent, with its whole body") {
  const ReservedPort dead;
  ScriptedBackend legacy;
  FicusProcess ficus(with_fallback(legacy, "http://127.0.0.1:" + std::to_string(dead.port()),
                                   fallback_on("connect_failure")));
  const std::string body = numbered(200'000);  // more than max_body: nothing needs to be kept
  const std::string fields = "Content-Length: 200000\r\n";
  RawClient client(ficus.port());
  CHECK(client.exchange(request("POST /", fields, body)).raw == ok("ok"));
  CHECK(legacy.received() == forwarded("POST /", fields, body));
  CHECK(client
            .exchange(request("PATCH /", "Transfer-Encoding: chunked\r\n",
                              chunk("a") + chunk("b") + "0\r\nX-Sum: 1\r\n\r\n"))
            .raw == ok("ok"));
  CHECK(legacy.wait_for_request(1).body == "ab");
  CHECK(legacy.wait_for_request(1).trailers.size() == 1);
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
}

TEST_CASE("data plane: once a byte was sent only what may be repeated falls back") {
  struct Case {
    std::string method;
    std::string writes;
    bool falls_back;
  };
  const Case given = GENERATE(
      Case{"GET", "none", true}, Case{"HEAD", "none", true}, Case{"OPTIONS", "separate", true},
      Case{"PUT", "shared", true}, Case{"DELETE", "shared", true}, Case{"PUT", "none", false},
      Case{"PUT", "separate", false}, Case{"DELETE", "none", false}, Case{"POST", "shared", false},
      Case{"PATCH", "shared", false}, Case{"FROB", "shared", false}, Case{"get", "shared", false});
  INFO(given.method << " with writes: " << given.writes);
  const Script failure = GENERATE(Script{read_request(), reset_connection()}, answer_each(kFailed));
  ScriptedBackend legacy;
  ScriptedBackend fresh(failure);
  FicusProcess ficus(
      with_fallback(legacy, fresh.url(), "writes: " + given.writes + ", " + std::string(kAll)));
  const int status = fetch(ficus.port(), request(given.method + " /")).status();
  CHECK(status == (given.falls_back ? 200 : failure.size() == 2 ? 502 : 503));
  CHECK(legacy.requests() == (given.falls_back ? 1 : 0));
}

TEST_CASE("data plane: a PUT falls back with the body that was kept, up to max_body") {
  ScriptedBackend legacy;
  ScriptedBackend fresh({read_request(), reset_connection()});
  FicusProcess ficus(with_fallback(
      legacy, fresh.url(),
      "writes: shared, fallback: {on: [reset, timeout], max_body: 1KiB, budget_percent: 100}"));
  RawClient client(ficus.port());
  const auto put = [&](std::size_t size) {
    const std::string length = "Content-Length: " + std::to_string(size) + "\r\n";
    return client.exchange(request("PUT /", length, numbered(size)));
  };
  SECTION("exactly max_body") {
    CHECK(put(1024).raw == ok("ok"));
    CHECK(legacy.wait_for_request().body == numbered(1024));
  }
  SECTION("a byte more") {
    CHECK(put(1025).status() == 502);
    CHECK(legacy.requests() == 0);
    // The next one is not held to account for it.
    CHECK(put(10).raw == ok("ok"));
  }
  SECTION("chunked, and not yet whole when the new side fails") {
    fresh.on_every_connection({read_head(), read_count(10), reset_connection()});
    client.send(request("PUT /", "Transfer-Encoding: chunked\r\n", chunk("hello")));
    fresh.wait_for_end_of_connection();
    legacy.wait_for_bytes(
        0, forwarded("PUT /", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n").size());
    CHECK(client.exchange(chunk("world") + "0\r\nX-Sum: 1\r\n\r\n").raw == ok("ok"));
    const HttpMessage got = legacy.wait_for_request();
    CHECK(got.body == "helloworld");
    CHECK(got.trailers.size() == 1);
  }
}

TEST_CASE("data plane: an answer that has begun does not fall back") {
  ScriptedBackend legacy;
  const Step end = GENERATE(close_connection(), reset_connection(), read_to_end());
  ScriptedBackend fresh(
      {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), end});
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  RawClient client(ficus.port());
  CHECK_FALSE(client.exchange(request("GET /")).complete);
  CHECK(legacy.requests() == 0);
}

TEST_CASE("data plane: legacy's failure after a fallback is the client's, and legacy never falls") {
  ScriptedBackend legacy(answer_each(kFailed));
  ScriptedBackend fresh(answer_each("HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n"));
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).raw == kFailed);
  CHECK(fresh.requests() == 1);
  legacy.stop();
  CHECK(client.exchange(request("GET /")).status() == 502);
  CHECK(fresh.requests() == 2);

  REQUIRE(
      ficus.admin_put("/api/v1/routes/shop/weight", R"({"weight": 0, "reason": "t"})").status() ==
      200);
  CHECK(client.exchange(request("GET /")).status() == 502);
  CHECK(fresh.requests() == 2);
}

TEST_CASE("data plane: a fallback is counted as served where the user was spared, else as failed") {
  ScriptedBackend legacy;
  ScriptedBackend fresh(answer_each(kFailed));
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  RawClient client(ficus.port());
  const std::string served = "ficus_fallbacks_total{route=\"shop\",outcome=\"served\"}";
  const std::string failed = "ficus_fallbacks_total{route=\"shop\",outcome=\"failed\"}";
  const std::string seen = "ficus_client_errors_total{route=\"shop\",kind=\"status\"}";
  CHECK(metric(ficus, served) == 0);
  CHECK(metric(ficus, failed) == 0);

  legacy.on_every_connection(answer_each("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  CHECK(client.exchange(request("GET /")).status() == 404);
  wait_for_metric(ficus, served, 1);
  CHECK(metric(ficus, failed) == 0);
  CHECK(metric(ficus, seen) == -1);

  legacy.stop();
  CHECK(client.exchange(request("GET /")).status() == 502);
  wait_for_metric(ficus, failed, 1);
  CHECK(metric(ficus, served) == 1);
}

TEST_CASE("data plane: legacy's own failure after a fallback is an error that the user saw") {
  ScriptedBackend legacy(answer_each("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"));
  ScriptedBackend fresh(answer_each(kFailed));
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).status() == 500);
  wait_for_metric(ficus, "ficus_fallbacks_total{route=\"shop\",outcome=\"failed\"}", 1);
  CHECK(metric(ficus, "ficus_fallbacks_total{route=\"shop\",outcome=\"served\"}") == 0);
  CHECK(metric(ficus, "ficus_client_errors_total{route=\"shop\",kind=\"status\"}") == 1);
}

TEST_CASE("data plane: a fallback leaves the client's connection and the pipeline whole") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("fresh");
  fresh.set_mode(BackendMode::resetting);
  TwoSides terms;
  terms.route = kAll;
  FicusProcess ficus(split({legacy.url()}, {fresh.url()}, terms));
  RawClient client(ficus.port());
  std::string pipelined;
  for (int i = 0; i < 50; ++i) pipelined += request("GET /");
  client.send(pipelined);
  for (int i = 0; i < 50; ++i) CHECK(client.read_response().body == "legacy");
  CHECK(legacy.connections() == 1);
}

TEST_CASE("data plane: the budget bounds fallbacks, at least 256 in 10 seconds") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("fresh");
  fresh.set_mode(BackendMode::failing);
  fresh.set_status(503);
  TwoSides terms;
  terms.route = "fallback: {on: [503], budget_percent: 1}";
  FicusProcess ficus(split({legacy.url()}, {fresh.url()}, terms));
  RawClient client(ficus.port());
  int served = 0;
  for (int i = 0; i < 600; ++i) served += client.exchange(request("GET /")).status() == 200 ? 1 : 0;
  CHECK(served >= 256);
  CHECK(served < 600);
}

TEST_CASE("data plane: a PUT that the new side refuses early goes on towards legacy") {
  ScriptedBackend legacy;
  ScriptedBackend fresh({read_head(), read_count(5), send(kFailed), read_to_end()});
  FicusProcess ficus(with_fallback(legacy, fresh.url(), "writes: shared, " + std::string(kAll)));
  RawClient client(ficus.port());
  const std::string fields = "Content-Length: 10\r\n";
  client.send(request("PUT /", fields, "hello"));
  legacy.wait_for_bytes(0, forwarded("PUT /", fields, "hello").size());
  CHECK(client.exchange("world").raw == ok("ok"));
  CHECK(legacy.received() == forwarded("PUT /", fields, "helloworld"));
  CHECK(client.exchange(request("HEAD /")).status() == 200);
}

TEST_CASE("data plane: an upgrade falls back like any GET") {
  const std::string switched =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo/1\r\nConnection: upgrade\r\n\r\n";
  ScriptedBackend legacy({read_head(), send(switched + "hello"), read_count(3), send("bye")});
  ScriptedBackend fresh({read_request(), reset_connection()});
  FicusProcess ficus(with_fallback(legacy, fresh.url()));
  RawClient client(ficus.port());
  client.send(request("GET /", "Connection: upgrade\r\nUpgrade: echo/1\r\n"));
  CHECK(client.read_bytes(switched.size() + 5) == switched + "hello");
  client.send("abc");
  CHECK(client.read_to_end() == "bye");
}

TEST_CASE("data plane: a request that waited for 100 Continue on new waits for legacy's") {
  ScriptedBackend legacy({read_head(), send("HTTP/1.1 100 Continue\r\n\r\n"), read_count(5),
                          send(ok("ok")), read_to_end()});
  ScriptedBackend fresh({read_head(), read_to_end()});
  FicusProcess ficus(with_fallback(legacy, fresh.url(), "writes: shared, " + std::string(kAll)));
  RawClient client(ficus.port());
  client.send(request("PUT /", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  CHECK(client.read_response().status() == 100);
  client.send("hello");
  CHECK(client.read_response().raw == ok("ok"));
}
