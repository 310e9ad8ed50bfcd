// Rule 5: a backend connection serves again only if the exchange on it is provably over, and
// nothing that is not idempotent is sent twice. RFC 9112 §9.3, §9.6; RFC 9110 §9.2.2.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("rule 5: a connection whose exchange is over serves the next request") {
  const auto reused = [](const std::string& name, const std::string& method,
                         const std::string& sent, const std::string& gets) {
    return Case{.name = name,
                .client_sends = request(method),
                .backend_gets = forwarded(method),
                .backend_sends = sent,
                .client_gets = gets,
                .connections = 1};
  };
  const std::string no_content = "HTTP/1.1 204 No Content\r\n\r\n";
  const std::string not_modified = "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n";
  const std::string chunks = answer(kChunked, "0\r\n\r\n");
  const std::string reset_content = "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n";
  play({
      reused("length", "GET /", ok("ok"), ok("ok")),
      reused("no body", "GET /", ok(""), ok("")),
      reused("chunks", "GET /", chunks, chunks),
      reused("204", "GET /", no_content, no_content),
      reused("205", "GET /", reset_content, reset_content),
      reused("304 with a length", "GET /", not_modified, not_modified),
      reused("HEAD with a length", "HEAD /", answer("Content-Length: 9\r\n"),
             answer("Content-Length: 9\r\n")),
      reused("HEAD with a coding", "HEAD /", answer(kChunked), answer(kChunked)),
      reused("HEAD with neither", "HEAD /", answer("X: y\r\n"), answer("X: y\r\n")),
      reused("error status", "GET /", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
      reused("HTTP/1.0 that keeps alive", "GET /",
             "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", ok("")),
  });
}

TEST_CASE("rule 5: a connection whose exchange may not be over serves nobody") {
  const auto not_reused = [](const std::string& name, const std::string& method,
                             const std::string& sent, const std::string& gets) {
    return Case{.name = name,
                .client_sends = request(method),
                .backend_gets = forwarded(method),
                .backend_sends = sent,
                .client_gets = gets,
                .connections = 2};
  };
  const std::string chunks = answer(kChunked, "0\r\n\r\n");
  play({
      not_reused("Connection: close", "GET /", ok("ok", "Connection: close\r\n"), ok("ok")),
      not_reused("Connection: Close in a list", "GET /", ok("ok", "Connection: x, Close\r\n"),
                 ok("ok")),
      not_reused("close beats keep-alive", "GET /", ok("ok", "Connection: keep-alive, close\r\n"),
                 ok("ok")),
      not_reused("HTTP/1.0", "GET /", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
      not_reused("a byte behind the body", "GET /", ok("ok") + "x", ok("ok")),
      not_reused("a blank line behind the body", "GET /", ok("ok") + "\r\n", ok("ok")),
      not_reused("another answer behind the body", "GET /", ok("ok") + ok("poison"), ok("ok")),
      not_reused("bytes behind the last chunk", "GET /", chunks + "0\r\n\r\n", chunks),
      not_reused("HEAD with a body", "HEAD /", ok("poison"), answer("Content-Length: 6\r\n")),
      not_reused("HEAD with chunks", "HEAD /", chunks, answer(kChunked)),
      not_reused("204 with bytes", "GET /", "HTTP/1.1 204 No Content\r\n\r\npoison",
                 "HTTP/1.1 204 No Content\r\n\r\n"),
      not_reused("304 with a body", "GET /",
                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison",
                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n"),
      not_reused("204 with chunks behind", "GET /", "HTTP/1.1 204 No Content\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 204 No Content\r\n\r\n"),
  });
}

TEST_CASE("rule 5: an idle connection that speaks is shut, whatever it says") {
  const std::string stray =
      GENERATE(ok("poison"), std::string("x"), std::string("\r\n"),
               std::string("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"));
  ScriptedBackend backend;
  backend.on_next_connection(
      {read_request(), send(ok("good")), hold(), send(stray), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /1")).raw == ok("good"));
  backend.release();
  backend.wait_for_end_of_connection(0);
  CHECK(client.exchange(request("GET /2")).raw == ok("ok"));
  CHECK(backend.received(0) == forwarded("GET /1"));
  CHECK(backend.received(1) == forwarded("GET /2"));
}

TEST_CASE("rule 5: a request on a pooled connection that dies is repeated only if it may be") {
  struct Repeat {
    std::string method;
    bool repeated;
  };
  const Repeat given =
      GENERATE(Repeat{"GET /", true}, Repeat{"HEAD /", true}, Repeat{"OPTIONS /", true},
               Repeat{"PUT /", true}, Repeat{"DELETE /", true}, Repeat{"TRACE /", true},
               Repeat{"POST /", false}, Repeat{"PATCH /", false}, Repeat{"FROB /", false},
               Repeat{"get /", false});
  INFO(given.method);
  ScriptedBackend backend;
  // The second request is read whole, and then the connection ends without an answer.
  backend.on_next_connection({read_request(), send(ok("ok")), read_request(), close_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /first")).raw == ok("ok"));
  client.send(request(given.method));
  const auto kind =
      given.method == "HEAD /" ? MessageKind::response_to_head : MessageKind::response;
  CHECK(client.read_response(kind).status() == (given.repeated ? 200 : 502));
  CHECK(backend.requests() == (given.repeated ? 3 : 2));
  CHECK(backend.connections() == (given.repeated ? 2 : 1));
}

TEST_CASE("rule 5: a body that is sent again is sent whole") {
  const std::string fields = GENERATE(std::string("Content-Length: 5\r\n"), kChunked);
  const std::string body = fields == kChunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello";
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("ok")), read_request(), close_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /first")).raw == ok("ok"));
  CHECK(client.exchange(request("PUT /", fields, body)).raw == ok("ok"));
  CHECK(backend.received(1) == forwarded("PUT /", fields, body));
}

TEST_CASE("rule 5: a reset behind a whole answer takes nothing from it") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("ok")), hold(), reset_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /1")).raw == ok("ok"));
  backend.release();
  backend.wait_for_end_of_connection();
  CHECK(client.exchange(request("POST /2", "Content-Length: 1\r\n", "x")).raw == ok("ok"));
  CHECK(backend.connections() == 2);
}

TEST_CASE("rule 5: a request on a new connection that dies is not repeated") {
  const std::string method = GENERATE("GET /", "POST /", "DELETE /");
  ScriptedBackend backend({read_request(), close_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request(method)).status() == 502);
  CHECK(backend.requests() == 1);
}

TEST_CASE("rule 5: what a client left behind serves nobody") {
  ScriptedBackend backend;
  const std::string sent =
      GENERATE(request("GET /"), request("POST /", "Content-Length: 9\r\n", "x"),
               chunked_request("5\r\nhel"));
  backend.on_next_connection({read_head(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                              hold(), send("poison" + ok("poison")), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient leaves(ficus.port());
  leaves.send(sent);
  leaves.read_until("half");
  leaves.reset();
  backend.release();
  RawClient stays(ficus.port());
  for (int i = 0; i < 3; ++i) CHECK(stays.exchange(request("GET /")).raw == ok("ok"));
}
