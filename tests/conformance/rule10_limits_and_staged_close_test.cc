// Rule 10: what is over a limit gets the right 4xx and a staged close, so that the answer is not
// lost to a reset; a client's half-close is not an abort. RFC 9110 §15.5; RFC 9112 §9.6; RFC 6585.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("rule 10: what is too large is refused by its own status") {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  const std::string big(40'000, 'a');
  refuse({
      {"target", with_line("GET /" + std::string(9000, 'a') + " HTTP/1.1"), 414},
      {"query", with_line("GET /?" + std::string(9000, 'a') + " HTTP/1.1"), 414},
      {"absolute target", with_line("GET http://a/" + std::string(9000, 'a') + " HTTP/1.1"), 414},
      {"target without an end", "GET /" + std::string(200'000, 'a'), 414},
      {"method without an end", std::string(200'000, 'A'), 414},
      {"field value", get_with("X: " + big + "\r\n"), 431},
      {"field name", get_with(big + ": x\r\n"), 431},
      {"many fields", get_with(many), 431},
      {"many small fields of one name", get_with([] {
         std::string fields;
         for (int i = 0; i < 200; ++i) fields += "X: y\r\n";
         return fields;
       }()),
       431},
      {"field without an end", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200'000, 'a'), 431},
      {"name without an end", "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(200'000, 'a'), 431},
      {"fields that are large together", get_with([] {
         std::string fields;
         for (int i = 0; i < 80; ++i) {
           fields += "X-" + std::to_string(i) + ": " + std::string(500, 'a') + "\r\n";
         }
         return fields;
       }()),
       431},
      {"Cookie", get_with("Cookie: " + big + "\r\n"), 431},
  });
}

TEST_CASE("rule 10: what is just small enough passes") {
  std::string hundred;
  for (int i = 0; i < 96; ++i) hundred += "X-" + std::to_string(i) + ": y\r\n";
  const std::string path = "GET /" + std::string(8000, 'a');
  const std::string value = "X: " + std::string(16'000, 'a') + "\r\n";
  play({
      {.name = "target", .client_sends = request(path), .backend_gets = forwarded(path)},
      {.name = "field",
       .client_sends = request("GET /", value),
       .backend_gets = forwarded("GET /", value)},
      {.name = "fields",
       .client_sends = request("GET /", hundred),
       .backend_gets = forwarded("GET /", hundred)},
      {.name = "answer with large fields",
       .backend_sends = ok("ok", value),
       .client_gets = ok("ok", value)},
  });
}

TEST_CASE("rule 10: a refused client that goes on sending still gets its answer") {
  const std::string flood = numbered(600'000);
  refuse({
      {"body behind a fault", post("Content-Length: 600000\r\nContent-Length: 1\r\n", flood)},
      {"body behind a fault in the first line", with_line("GET / HTTP/9.9") + flood, 505},
      {"chunks behind a fault",
       post(kChunked + "Content-Length: 1\r\n", chunk(flood) + "0\r\n\r\n")},
      {"requests behind a fault",
       [] {
         std::string all = "GET / HTTP/1.1\r\n\r\n";
         for (int i = 0; i < 2000; ++i) all += kSmuggled;
         return all;
       }()},
      {"body behind an unknown expectation", post("Expect: x\r\nContent-Length: 600000\r\n", flood),
       417},
  });
}

TEST_CASE("rule 10: a client that ends its direction still gets its answers") {
  const std::string later = request("GET /2");
  const auto ended = [](const std::string& name, const std::string& sent,
                        const std::string& arrives, const std::string& gets) {
    return Case{.name = name,
                .client_sends = sent,
                .backend_gets = arrives,
                .client_gets = gets,
                .then = Then::closed,
                .client = Client::half_closes};
  };
  play({
      ended("one request", request("GET /"), forwarded("GET /"), ok("ok")),
      ended("two requests", request("GET /") + later, forwarded("GET /") + forwarded("GET /2"),
            ok("ok") + ok("ok")),
      ended("with a body", request("POST /", "Content-Length: 5\r\n", "hello"),
            forwarded("POST /", "Content-Length: 5\r\n", "hello"), ok("ok")),
      ended("with chunks", chunked_request("5\r\nhello\r\n0\r\n\r\n"),
            chunked_forwarded("5\r\nhello\r\n0\r\n\r\n"), ok("ok")),
      ended("and begins another request", request("GET /") + "GET /2 HT", forwarded("GET /"),
            ok("ok")),
      {.name = "before a slow answer",
       .script = {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"), send("k"),
                  read_to_end()},
       .then = Then::closed,
       .client = Client::half_closes},
  });
}

TEST_CASE("rule 10: a client that leaves frees the backend, and nothing is made up for it") {
  const auto gone = [](const std::string& name, const std::string& sent,
                       const std::string& arrives) {
    return Case{.name = name,
                .client_sends = sent,
                .backend_gets = arrives,
                .script = {read_to_end()},
                .client = Client::leaves};
  };
  play({
      gone("after its request", request("GET /"), forwarded("GET /")),
      gone("in its body", request("POST /", "Content-Length: 5\r\n", "hel"),
           forwarded("POST /", "Content-Length: 5\r\n", "hel")),
      gone("before its body", request("POST /", "Content-Length: 5\r\n"),
           forwarded("POST /", "Content-Length: 5\r\n")),
      gone("in a chunk", chunked_request("5\r\nhel"), chunked_forwarded("3\r\nhel\r\n")),
      gone("between chunks", chunked_request("5\r\nhello\r\n"),
           chunked_forwarded("5\r\nhello\r\n")),
      gone("before the last blank line", chunked_request("5\r\nhello\r\n0\r\n"),
           chunked_forwarded("5\r\nhello\r\n")),
  });
}

TEST_CASE("rule 10: an answer of the proxy's own leaves no body unread on a connection it keeps") {
  ScriptedBackend backend;
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /known}, legacy: only}\n");
  RawClient client(ficus.port());
  SECTION("without a body it stays") {
    client.send(request("GET /unknown") + request("GET /known"));
    const HttpMessage message = client.read_response();
    CHECK(message.status() == 404);
    CHECK_FALSE(message.header("Connection"));
    CHECK(client.read_response().raw == ok("ok"));
  }
  SECTION("with a body it ends") {
    client.send(request("POST /unknown",
                        "Content-Length: " + std::to_string(kSmuggled.size()) + "\r\n", kSmuggled) +
                kSmuggled);
    const HttpMessage message = client.read_response();
    CHECK(message.status() == 404);
    CHECK(message.header("Connection") == "close");
    client.half_close();
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
    CHECK(backend.connections() == 0);
  }
  SECTION("with chunks it ends") {
    client.send(request("POST /unknown", kChunked, chunk(kSmuggled) + "0\r\n\r\n") + kSmuggled);
    CHECK(client.read_response().header("Connection") == "close");
    client.half_close();
    CHECK(client.read_to_end().empty());
    CHECK(backend.connections() == 0);
  }
}
