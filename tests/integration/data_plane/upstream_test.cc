// Which endpoint a request goes to, when it is sent again, and how long a backend is waited for.

#include <sys/socket.h>

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string one_side(const std::vector<std::string>& urls, const std::string& timeouts = {},
                     const std::string& listener = {}) {
  TwoSides terms;
  terms.weight = 0;
  terms.timeouts = timeouts;
  terms.listener = listener;
  return split(urls, {"http://127.0.0.1:1"}, terms);
}

std::string url_of(const ReservedPort& refusing) {
  return "http://127.0.0.1:" + std::to_string(refusing.port());
}

}  // namespace

TEST_CASE("data plane: endpoints that refuse are skipped for at most two others, any method") {
  const ReservedPort dead;
  const ReservedPort also_dead;
  ScriptedBackend alive;
  FicusProcess ficus(one_side({url_of(dead), url_of(also_dead), alive.url()}));
  RawClient client(ficus.port());
  for (int i = 0; i < 12; ++i) {
    CHECK(client.exchange(request("POST /", "Content-Length: 1\r\n", "x")).raw == ok("ok"));
  }
  CHECK(alive.requests() == 12);
}

TEST_CASE("data plane: a fourth endpoint is not tried") {
  const ReservedPort a, b, c, d;
  ScriptedBackend alive;
  FicusProcess ficus(one_side({url_of(a), url_of(b), url_of(c), url_of(d), alive.url()}));
  RawClient client(ficus.port());
  int failed = 0;
  for (int i = 0; i < 60; ++i) {
    const int status = client.exchange(request("GET /")).status();
    CHECK((status == 200 || status == 502));
    failed += status == 502 ? 1 : 0;
  }
  // Three of five are tried, so about two in five requests miss the one that lives.
  CHECK(failed > 5);
  CHECK(failed < 50);
}

TEST_CASE("data plane: all endpoints dead is a bad gateway, with and without a body") {
  const ReservedPort dead;
  FicusProcess ficus(one_side({url_of(dead)}));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(request("GET /"));
  CHECK(response.status() == 502);
  CHECK_THAT(response.body, ContainsSubstring("refused"));
  // The unread body cannot be told from the next request's bytes.
  const HttpMessage with_body =
      client.exchange(request("POST /", "Content-Length: 5\r\n", "hello"));
  CHECK(with_body.status() == 502);
  CHECK(with_body.header("Connection") == "close");
  client.half_close();
  CHECK(client.read_to_end().empty());
}

TEST_CASE("data plane: a pooled connection that died under a GET is replaced once") {
  ScriptedBackend backend;
  const bool reset = GENERATE(true, false);
  const Step death = reset ? reset_connection() : close_connection();
  backend.on_next_connection({read_request(), send(ok("one")), read_request(), death});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  const std::string method = GENERATE("GET /2", "HEAD /2", "OPTIONS /2", "DELETE /2");
  CHECK(client.exchange(request(method)).status() == 200);
  CHECK(backend.requests() == 3);
  CHECK(backend.received(1) == forwarded(method));
}

TEST_CASE("data plane: a request dies for good if the fresh connection dies as well") {
  ScriptedBackend backend({read_request(), close_connection()});
  backend.on_next_connection({read_request(), send(ok("one")), read_request()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  CHECK(client.exchange(request("GET /2")).status() == 502);
  CHECK(backend.requests() == 3);
  CHECK(client.exchange(request("GET /3")).status() == 502);
  CHECK(backend.requests() == 4);
}

TEST_CASE("data plane: a PUT is sent again with its whole body, a POST never") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("one")), read_request()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  const std::string body = numbered(20'000);
  const std::string fields = "Content-Length: 20000\r\n";
  SECTION("PUT with a length") {
    CHECK(client.exchange(request("PUT /2", fields, body)).raw == ok("ok"));
    CHECK(backend.received(1) == forwarded("PUT /2", fields, body));
  }
  SECTION("PUT in chunks with a trailer") {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    client.exchange(
        request("PUT /2", chunked,
                chunk(body.substr(0, 9)) + chunk(body.substr(9)) + "0\r\nX-Sum: 1\r\n\r\n"));
    const HttpMessage again = backend.wait_for_request(2);
    CHECK(again.body == body);
    REQUIRE(again.trailers.size() == 1);
    CHECK(again.trailers[0].first == "X-Sum");
  }
  SECTION("POST") {
    CHECK(client.exchange(request("POST /2", fields, body)).status() == 502);
    CHECK(backend.requests() == 2);
    CHECK(backend.connections() == 1);
  }
  SECTION("POST without a body") {
    CHECK(client.exchange(request("POST /2", "Content-Length: 0\r\n")).status() == 502);
    CHECK(backend.connections() == 1);
  }
  SECTION("PATCH") {
    CHECK(client.exchange(request("PATCH /2", fields, body)).status() == 502);
    CHECK(backend.connections() == 1);
  }
}

TEST_CASE("data plane: a PUT that was half sent to a dying connection goes on on a fresh one") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("one")), read_head(), read_count(5)});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  client.send(request("PUT /2", "Content-Length: 10\r\n", "hello"));
  backend.wait_for_end_of_connection(0);
  backend.wait_for_bytes(1, forwarded("PUT /2", "Content-Length: 10\r\n", "hello").size());
  CHECK(client.exchange("world").raw == ok("ok"));
  CHECK(backend.received(1) == forwarded("PUT /2", "Content-Length: 10\r\n", "helloworld"));
}

TEST_CASE("data plane: a PUT too large to be kept is not sent again cut") {
  const std::string body = numbered(200'000);
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("one")), read_request()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  CHECK(client.exchange(request("PUT /2", "Content-Length: 200000\r\n", body)).status() == 502);
  CHECK(backend.requests() == 2);
}

TEST_CASE("data plane: a connection that answered in part is not replaced") {
  ScriptedBackend backend;
  const std::string part = GENERATE("HTTP/1.1 200", "HTTP/1.1 103 Hints\r\n\r\n");
  backend.on_next_connection({read_request(), send(ok("one")), read_request(), send(part)});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /1"));
  CHECK(client.exchange(request("GET /2")).status() == 502);
  CHECK(backend.requests() == 2);
}

TEST_CASE("data plane: the endpoint with fewer requests in flight is chosen") {
  ScriptedBackend busy({read_request(), hold(), send(ok("busy")), again()});
  ScriptedBackend idle({read_request(), hold(), send(ok("idle")), again()});
  FicusProcess ficus(one_side({busy.url(), idle.url()}));
  RawClient first(ficus.port());
  RawClient second(ficus.port());
  first.send(request("GET /"));
  CHECK(eventually([&] { return busy.requests() + idle.requests() == 1; }));
  second.send(request("GET /"));
  CHECK(eventually([&] { return busy.requests() == 1 && idle.requests() == 1; }));
  busy.release();
  idle.release();
  first.read_response();
  second.read_response();
}

TEST_CASE("data plane: a backend that does not begin to answer in time is a gateway timeout") {
  ScriptedBackend backend({read_request(), read_to_end()});
  FicusProcess ficus(one_side({backend.url()}, "first_byte: 200ms"));
  RawClient client(ficus.port());
  SECTION("silence") {}
  SECTION("half a head") {
    backend.on_every_connection({read_request(), send("HTTP/1.1 200 OK\r\nX"), read_to_end()});
  }
  SECTION("an interim answer is no answer") {
    backend.on_every_connection(
        {read_request(), send("HTTP/1.1 102 Processing\r\n\r\n"), read_to_end()});
  }
  CHECK(client.exchange(request("POST /", "Content-Length: 1\r\n", "x")).status() == 504);
  backend.wait_for_end_of_connection();
  CHECK(backend.connections() == 1);
  // This client's connection is whole.
  CHECK(client.exchange(request("GET /")).status() == 504);
}

TEST_CASE("data plane: a body that stops in the middle is cut after the idle time") {
  ScriptedBackend backend(
      {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), read_to_end()});
  FicusProcess ficus(one_side({backend.url()}, "idle: 200ms"));
  RawClient client(ficus.port());
  CHECK_FALSE(client.exchange(request("GET /")).complete);
  backend.wait_for_end_of_connection();
}

TEST_CASE("data plane: a backend that stops reading is a gateway timeout after the idle time") {
  ScriptedBackend backend({read_head(), hold()});
  FicusProcess ficus(one_side({backend.url()}, "idle: 200ms"));
  RawClient client(ficus.port());
  client.send_what_fits(request("POST /", "Content-Length: 50000000\r\n", numbered(50'000'000)),
                        milliseconds(2000));
  CHECK(client.read_response().status() == 504);
  backend.release();
}

TEST_CASE("data plane: a request whose head or body does not arrive in time is a 408") {
  ScriptedBackend backend({read_head(), read_to_end()});
  FicusProcess ficus(
      one_side({backend.url()}, {}, "timeouts: {request_head: 200ms, request_body_idle: 200ms}"));
  RawClient client(ficus.port());
  SECTION("head") {
    client.send("GET / HTTP/1.1\r\nHo");
    CHECK(client.read_response().status() == 408);
    CHECK(backend.connections() == 0);
  }
  SECTION("body") {
    client.send(request("POST /", "Content-Length: 2\r\n", "x"));
    CHECK(client.read_response().status() == 408);
    backend.wait_for_end_of_connection();
  }
  SECTION("nothing at all: nobody to answer") {}
  client.half_close();
  CHECK(client.read_to_end().empty());
}

TEST_CASE("data plane: a backend that withholds 100 Continue is the one that is late") {
  ScriptedBackend backend({read_head(), read_to_end()});
  FicusProcess ficus(one_side({backend.url()}, "first_byte: 200ms"));
  RawClient client(ficus.port());
  client.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  CHECK(client.read_response().status() == 504);
}

TEST_CASE("data plane: an idle client connection ends after keep_alive, without an answer") {
  ScriptedBackend backend;
  FicusProcess ficus(one_side({backend.url()}, {}, "timeouts: {keep_alive: 200ms}"));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(client.read_to_end().empty());
  CHECK_FALSE(client.was_reset());
}

TEST_CASE("data plane: an idle backend connection ends after pool_idle") {
  ScriptedBackend backend;
  FicusProcess ficus(one_side({backend.url()}, "pool_idle: 200ms"));
  RawClient client(ficus.port());
  client.exchange(request("GET /"));
  backend.wait_for_end_of_connection();
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
}

TEST_CASE("data plane: a client that takes nothing for write_idle is given up") {
  ScriptedBackend backend(
      {read_request(),
       send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" + numbered(30'000'000)),
       read_to_end()});
  FicusProcess ficus(one_side({backend.url()}, {}, "timeouts: {write_idle: 200ms}"));
  RawClient client(ficus.port());
  client.limit_receive_buffer(4096);
  client.send(request("GET /"));
  backend.wait_for_end_of_connection();
}

TEST_CASE("data plane: a client whose body stops is the one to blame, though the server answers") {
  Script streams{read_head(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")};
  streams.push_back(send(chunk("x")));
  streams.push_back(read_to_end());
  ScriptedBackend legacy;
  ScriptedBackend fresh(streams);
  TwoSides terms;
  terms.listener = "timeouts: {request_body_idle: 200ms}";
  FicusProcess ficus(split({legacy.url()}, {fresh.url()}, terms));
  RawClient client(ficus.port());
  client.send(request("POST /", "Content-Length: 10\r\n", "x"));
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 200);
  CHECK_FALSE(response.complete);
  fresh.wait_for_end_of_connection();
  const HttpMessage route = ficus.admin_get("/api/v1/routes/shop");
  const std::size_t at = route.body.find("\"new\"");
  REQUIRE(at != std::string::npos);
  CHECK_THAT(route.body.substr(at), ContainsSubstring("\"errors\":0"));
}

TEST_CASE("data plane: a connection that is not accepted in time is a timeout, or another's turn") {
  // A queue of one that is full: the kernel drops what comes after.
  const ReservedPort reserved;
  const Descriptor listener = reserved.listen();
  REQUIRE(::listen(listener.get(), 0) == 0);
  const Descriptor queued = connect_to_loopback(reserved.port());
  const std::string full = url_of(reserved);
  ScriptedBackend alive;

  FicusProcess alone(one_side({full}, "connect: 200ms"));
  CHECK(fetch(alone.port(), request("GET /")).status() == 504);

  FicusProcess with_another(one_side({full, alive.url()}, "connect: 200ms"));
  for (int i = 0; i < 3; ++i) {
    CHECK(fetch(with_another.port(), request("POST /", "Content-Length: 1\r\n", "x")).raw ==
          ok("ok"));
  }
  TwoSides terms;
  terms.timeouts = "connect: 200ms";
  terms.route = "fallback: {on: [connect_failure], budget_percent: 100}";
  FicusProcess falling(split({alive.url()}, {full}, terms));
  CHECK(fetch(falling.port(), request("POST /", "Content-Length: 1\r\n", "x")).raw == ok("ok"));
}

TEST_CASE("data plane: a connection that NTLM or Negotiate authenticates serves nobody else") {
  const std::string challenge =
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
  SECTION("asked for") {
    ScriptedBackend backend(answer_each(challenge));
    FicusProcess ficus(in_front_of(backend));
    RawClient client(ficus.port());
    for (int i = 0; i < 3; ++i) CHECK(client.exchange(request("GET /")).status() == 401);
    CHECK(backend.connections() == 3);
  }
  SECTION("given") {
    ScriptedBackend backend;
    FicusProcess ficus(in_front_of(backend));
    RawClient client(ficus.port());
    for (int i = 0; i < 3; ++i) {
      const auto with = request("GET /", "Authorization: Negotiate YII=\r\n");
      CHECK(client.exchange(with).status() == 200);
    }
    CHECK(backend.connections() == 3);
  }
  SECTION("what authenticates a request is no reason") {
    ScriptedBackend backend;
    FicusProcess ficus(in_front_of(backend));
    RawClient client(ficus.port());
    for (int i = 0; i < 3; ++i) {
      CHECK(client.exchange(request("GET /", "Authorization: Basic YQ==\r\n")).status() == 200);
    }
    CHECK(backend.connections() == 1);
  }
}

TEST_CASE("data plane: a failure that is passed on is one that the user saw") {
  ScriptedBackend backend(
      answer_each("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).status() == 503);
  wait_for_metric(ficus, "ficus_client_errors_total{route=\"everything\",kind=\"status\"}", 1);
}
