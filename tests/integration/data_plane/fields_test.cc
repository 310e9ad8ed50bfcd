// Which fields pass, which end here, and which the proxy adds.

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("data plane: names, case, order and repeats of end-to-end fields are kept") {
  const std::string fields =
      "uSeR-aGeNt: x/1\r\nX-b: 1\r\nAccept: */*\r\nX-A: 2\r\nX-b: 3\r\nCookie: a=b; c=d\r\n"
      "X-Utf8: caf\xc3\xa9\r\nAuthorization: Basic eDp5\r\nX-Empty: \r\nVia: 1.0 other\r\n";
  const std::string answer_fields =
      "sERVER: s\r\nSet-Cookie: a=1\r\nX-Z: 1\r\nset-cookie: b=2\r\nX-A: \r\nX-Z: 2\r\n";
  ScriptedBackend backend(answer_each(ok("ok", answer_fields)));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /", fields)).raw == ok("ok", answer_fields));
  CHECK(backend.received() == forwarded("GET /", fields));
}

TEST_CASE("data plane: fields of one hop end here, in both directions") {
  ScriptedBackend backend(answer_each(
      ok("ok",
         "Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
         "Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nX-Stays: 1\r\nx-hop: 2\r\n")));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(
      request("GET /",
              "Connection: x-hop , , keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 300\r\n"
              "X-Stays: 1\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nX-HOP: 2\r\n"
              "Upgrade: websocket\r\nConnection: X-Second\r\nX-Second: 1\r\n"));
  CHECK(response.raw == ok("ok", "X-Stays: 1\r\n"));
  CHECK(backend.received() == forwarded("GET /", "X-Stays: 1\r\n"));
  CHECK(client.exchange(request("GET /")).status() == 200);
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: the Connection list cannot remove what framing and identity rest on") {
  ScriptedBackend backend(
      answer_each(ok("ok", "Connection: Content-Length, Transfer-Encoding\r\n")));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(
      request("POST /",
              "Connection: Host, Content-Length, Transfer-Encoding, X-Forwarded-For, X-Request-Id, "
              "traceparent, X-Forwarded-Proto, X-Forwarded-Host\r\nContent-Length: 5\r\n",
              "hello"));
  CHECK(response.raw == ok("ok"));
  CHECK(backend.received() == forwarded("POST /", "Content-Length: 5\r\n", "hello"));
}

TEST_CASE("data plane: TE: trailers is passed on as the proxy's own") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /", "TE: trailers, deflate;q=0.5\r\nConnection: TE\r\n"));
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.all("TE") == std::vector<std::string>{"trailers"});
  CHECK(got.all("Connection") == std::vector<std::string>{"TE"});
}

TEST_CASE("data plane: X-Ficus fields of a client do not reach the backend") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /", "X-Ficus-Side: new\r\nx-ficus-Anything: 1\r\nX-Ficusx: 1\r\n"));
  CHECK(backend.received() == forwarded("GET /", "X-Ficusx: 1\r\n"));
}

TEST_CASE("data plane: X-Forwarded-For grows by the client's address, earlier lines joined") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /",
                          "X-Forwarded-For: 192.0.2.1\r\nX-A: 1\r\n"
                          "x-forwarded-for: 192.0.2.2, 192.0.2.3\r\nX-Forwarded-For: \r\n"
                          "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outside\r\n"));
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.all("X-Forwarded-For") ==
        std::vector<std::string>{"192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1"});
  CHECK(got.all("X-Forwarded-Proto") == std::vector<std::string>{"https"});
  CHECK(got.all("X-Forwarded-Host") == std::vector<std::string>{"outside"});
}

TEST_CASE("data plane: a request without an id or a trace is given both, each time new ones") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const std::string bare =
      GENERATE(std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
               // What is malformed or doubled is replaced, and a state without its parent goes.
               std::string("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n"
                           "traceparent: 00-0-0-00\r\ntracestate: a=b\r\n\r\n"));
  client.exchange(bare);
  client.exchange(bare);
  const HttpMessage first = backend.wait_for_request(0);
  const HttpMessage second = backend.wait_for_request(1);
  for (const auto* name : {"X-Request-Id", "traceparent"}) {
    REQUIRE(first.all(name).size() == 1);
    REQUIRE(second.all(name).size() == 1);
    CHECK(first.header(name)->size() >= 32);
    CHECK(first.header(name) != second.header(name));
  }
  CHECK(first.header("traceparent")->size() == 55);
  CHECK(first.header("traceparent")->substr(0, 3) == "00-");
  CHECK_FALSE(first.header("tracestate"));
}

TEST_CASE("data plane: an id and a trace of the client's are kept") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /", "tracestate: a=b\r\n"));
  CHECK(backend.received() == forwarded("GET /", "tracestate: a=b\r\n"));
}

TEST_CASE("data plane: an absolute target wins over Host and becomes a path") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange("GET http://Real.example:81/x?y HTTP/1.1\r\nHost: other\r\n" + std::string(kIds) +
                  "\r\n");
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.start_line == "GET /x?y HTTP/1.1");
  CHECK(got.all("Host") == std::vector<std::string>{"Real.example:81"});
  CHECK(got.header("X-Forwarded-Host") == "Real.example:81");
}

TEST_CASE("data plane: targets without a path get one, and a star stays one") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  struct Target {
    std::string sent;
    std::string received;
  };
  const Target given = GENERATE(Target{"GET http://a HTTP/1.1", "GET / HTTP/1.1"},
                                Target{"GET http://a?x=/../y HTTP/1.1", "GET /?x=/../y HTTP/1.1"},
                                Target{"OPTIONS http://a HTTP/1.1", "OPTIONS * HTTP/1.1"},
                                Target{"GET //a//b HTTP/1.1", "GET //a//b HTTP/1.1"},
                                Target{"GET /%2Fa%5C HTTP/1.1", "GET /%2Fa%5C HTTP/1.1"});
  client.exchange(given.sent + "\r\nHost: a\r\n\r\n");
  CHECK(backend.wait_for_request().start_line == given.received);
}

TEST_CASE("data plane: a route is found by the host in effect, whatever its case and port") {
  ScriptedBackend shop;
  ScriptedBackend rest(answer_each(ok("rest")));
  FicusProcess ficus("workers: 1\nbackends:\n  a: {endpoints: [\"" + shop.url() +
                     "\"]}\n  b: {endpoints: [\"" + rest.url() +
                     "\"]}\nroutes:\n"
                     "  - {name: shop, match: {hosts: [shop.example], path_prefix: /, methods: "
                     "[GET]}, legacy: a}\n"
                     "  - {name: rest, match: {path_prefix: /}, legacy: b}\n");
  RawClient client(ficus.port());
  const auto answer_to = [&](const std::string& line, const std::string& host) {
    return client.exchange(line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").body;
  };
  CHECK(answer_to("GET /", "shop.example") == "ok");
  CHECK(answer_to("GET /", "SHOP.example:8080") == "ok");
  CHECK(answer_to("GET http://Shop.Example/", "other") == "ok");
  CHECK(answer_to("GET http://other/", "shop.example") == "rest");
  CHECK(answer_to("GET /", "x.shop.example") == "rest");
  CHECK(answer_to("POST /", "shop.example") == "rest");
}
