// Answers that must not pass: a backend's fault is a 502 before the head, a visibly cut message
// after it, and never another client's answer.

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string answer(const std::string& fields, const std::string& body = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}

}  // namespace

TEST_CASE("data plane: a malformed answer is a bad gateway, and its connection is not used again") {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  const std::vector<std::string> faults = {
      "SSH-2.0-OpenSSH_9.2\r\n",
      "hello",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/0.9 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      answer("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      answer("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
      answer("Content-Length: 5, 5\r\n", "hello"),
      answer("Content-Length: -5\r\n", "hello"),
      answer("Content-Length: five\r\n", "hello"),
      answer("Content-Length:\r\n"),
      answer("Content-Length: 99999999999999999999\r\n", "hello"),
      answer("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      answer("Transfer-Encoding: identity\r\n", "hello"),
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + answer("Content-Length: 0\r\n"),
      answer("Content-Length : 0\r\n"),
      answer("X: a\r\n b\r\nContent-Length: 0\r\n"),
      answer("X: a\rb\r\nContent-Length: 0\r\n"),
      answer("X\r\nContent-Length: 0\r\n"),
      answer(many),
      answer("X: " + std::string(40'000, 'a') + "\r\n"),
  };
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (const std::string& fault : faults) {
    INFO(printable(fault));
    backend.on_next_connection({read_request(), send(fault), read_to_end()});
    const HttpMessage response = client.exchange(request("GET /"));
    CHECK(response.status() == 502);
    CHECK(response.header("Content-Type") == "application/problem+json");
    CHECK_THAT(response.body, ContainsSubstring("\"request_id\":\"r1\""));
  }
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.requests() == faults.size() + 1);  // none was repeated
}

TEST_CASE("data plane: a head cut at any byte is a bad gateway") {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(printable(whole.substr(0, size)));
    backend.on_next_connection({read_request(), send(whole.substr(0, size))});
    CHECK(client.exchange(request("GET /")).status() == 502);
  }
}

TEST_CASE("data plane: a head that arrives byte by byte is as good as any") {
  std::vector<Step> script{read_request()};
  for (const char byte : ok("hello", "X: y\r\n")) script.push_back(send(std::string(1, byte)));
  script.push_back(again());
  ScriptedBackend backend(script);
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    CHECK(client.exchange(request("GET /")).raw == ok("hello", "X: y\r\n"));
  }
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a cut or malformed body never looks complete to the client") {
  const std::string given = GENERATE(
      answer("Content-Length: 10\r\n", "hello"), answer("Content-Length: 10\r\n"),
      answer("Transfer-Encoding: chunked\r\n"), answer("Transfer-Encoding: chunked\r\n", "5"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhel"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX: y\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhelloX\r\n0\r\n\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "zz\r\n0\r\n\r\n"),
      answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX : y\r\n\r\n"));
  ScriptedBackend backend;
  const Step end = GENERATE(close_connection(), reset_connection());
  backend.on_next_connection({read_request(), send(given), hold(), end});
  FicusProcess ficus(in_front_of(backend));

  SECTION("HTTP/1.1") {
    RawClient client(ficus.port());
    client.send(request("GET /") + request("GET /next"));
    client.read_until("HTTP/1.1 200 OK\r\n");
    backend.release();
    const std::string rest = client.read_to_end();
    CHECK_FALSE(rest.ends_with("\r\n0\r\n\r\n"));
    CHECK_THAT(rest, !ContainsSubstring("HTTP/1.1"));
    CHECK(backend.requests() == 1);
  }
  SECTION("HTTP/1.0") {
    RawClient client(ficus.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    backend.wait_for_request();
    backend.release();
    const std::string got = client.read_to_end();
    // Without framing only a reset tells that something is missing.
    if (got.find("Content-Length") == std::string::npos) CHECK(client.was_reset());
  }
}

TEST_CASE("data plane: a body until the end of a connection that is reset is cut") {
  ScriptedBackend backend;
  backend.on_next_connection(
      {read_request(), send(answer("X: y\r\n", "hello")), hold(), reset_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const bool old_version = GENERATE(true, false);
  client.send(old_version ? "GET / HTTP/1.0\r\n\r\n" : request("GET /"));
  client.read_until("hello");
  backend.release();
  const std::string rest = client.read_to_end();
  CHECK_THAT(rest, !ContainsSubstring("0\r\n"));
  if (old_version) CHECK(client.was_reset());
}

TEST_CASE("data plane: bytes behind an answer are not the next one") {
  const std::string stray = GENERATE(ok("poison"), std::string("\r\n"), std::string("x"));
  ScriptedBackend backend;
  const bool later = GENERATE(true, false);
  if (later) {
    backend.on_next_connection(
        {read_request(), send(ok("good")), hold(), send(stray), read_to_end()});
  } else {
    backend.on_next_connection({read_request(), send(ok("good") + stray), read_to_end()});
  }
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).raw == ok("good"));
  if (later) {
    backend.release();
    // The proxy shuts what speaks unasked, whether or not somebody wants the connection.
    backend.wait_for_end_of_connection(0);
  }
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.connections() == 2);
}

TEST_CASE("data plane: an answer to HEAD with a body poisons nobody") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok(ok("poison"))), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("HEAD /") + request("GET /next"));
  CHECK(client.read_response(MessageKind::response_to_head).status() == 200);
  CHECK(client.read_response().raw == ok("ok"));
}

TEST_CASE("data plane: a pooled connection that the backend ended is not used") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send(ok("one")), hold(), close_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("POST /", "Content-Length: 1\r\n", "x")).raw == ok("one"));
  backend.release();
  backend.wait_for_end_of_connection();
  CHECK(client.exchange(request("POST /", "Content-Length: 1\r\n", "x")).raw == ok("ok"));
  CHECK(backend.requests() == 2);
}

TEST_CASE("data plane: a bad gateway is told as the client asked: problem JSON or text") {
  ScriptedBackend backend({read_request(), reset_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage json =
      client.exchange(request("GET /", "Accept: application/json, text/html\r\n"));
  CHECK(json.status() == 502);
  CHECK(json.header("Content-Type") == "application/problem+json");
  CHECK_THAT(json.body, ContainsSubstring("\"status\":502"));
  CHECK_FALSE(json.header("Connection"));
  const HttpMessage text = client.exchange(request("GET /", "Accept: text/html,*/*;q=0.8\r\n"));
  CHECK(text.status() == 502);
  CHECK(text.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK_THAT(text.body, ContainsSubstring("502 Bad Gateway"));
  CHECK_THAT(text.body, ContainsSubstring("request id: r1"));
}
