// Rule 7: HTTP/1.0 has its own rules. RFC 9112 §6.1, §9.3, appendix C.2; RFC 9110 §7.8, §10.1.1,
// §15.2.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string old_request(std::string_view method_and_target, std::string_view fields = {},
                        std::string_view body = {}) {
  std::string text = request(method_and_target, fields, body);
  return text.replace(text.find("HTTP/1.1"), 8, "HTTP/1.0");
}

const std::string kKeep = "Connection: keep-alive\r\n";
const std::string kClose = "Connection: close\r\n";

// An exchange after which an HTTP/1.0 client's connection ends.
Case once(const std::string& name, const std::string& fields, const std::string& arrives = {}) {
  return {.name = name,
          .client_sends = old_request("GET /", fields),
          .backend_gets = forwarded("GET /", arrives),
          .client_gets = ok("ok", kClose),
          .then = Then::closed};
}

Case kept(const std::string& name, const std::string& fields, const std::string& arrives = {}) {
  return {.name = name,
          .client_sends = old_request("GET /", fields),
          .backend_gets = forwarded("GET /", arrives),
          .client_gets = ok("ok", kKeep)};
}

}  // namespace

TEST_CASE("rule 7: HTTP/1.0 ends after one answer unless it asked to stay") {
  play({
      once("nothing said", ""),
      once("close", kClose),
      once("close beats keep-alive", "Connection: keep-alive, close\r\n"),
      once("Keep-Alive alone says nothing", "Keep-Alive: timeout=5\r\n"),
      once("Proxy-Connection says nothing", "Proxy-Connection: keep-alive\r\n"),
      kept("keep-alive", kKeep),
      kept("in another case", "Connection: Keep-ALIVE\r\n"),
      kept("in a list", "Connection: X-A, keep-alive\r\nX-A: 1\r\n"),
      kept("with parameters", kKeep + "Keep-Alive: timeout=5, max=9\r\n"),
  });
}

TEST_CASE("rule 7: HTTP/1.0 gets no chunks, interim answers or changes of protocol") {
  const std::string chunks = answer(kChunked, "2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 3\r\n\r\n");
  const std::string until_end = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc";
  play({
      {.name = "chunks",
       .client_sends = old_request("GET /"),
       .backend_sends = chunks,
       .client_gets = until_end,
       .then = Then::closed},
      {.name = "chunks, although it asked to stay",
       .client_sends = old_request("GET /", kKeep),
       .backend_sends = chunks,
       .client_gets = until_end,
       .then = Then::closed},
      {.name = "a body until the end",
       .client_sends = old_request("GET /", kKeep),
       .script = {read_request(), send("HTTP/1.0 200 OK\r\n\r\nabc"), close_connection()},
       .client_gets = until_end,
       .then = Then::closed},
      {.name = "the field that announces trailers",
       .client_sends = old_request("GET /"),
       .backend_sends = answer("Trailer: X-Sum\r\n" + kChunked, "0\r\nX-Sum: 3\r\n\r\n"),
       .client_gets = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
       .then = Then::closed},
      {.name = "chunks to HEAD",
       .client_sends = old_request("HEAD /", kKeep),
       .backend_gets = forwarded("HEAD /"),
       .backend_sends = answer(kChunked),
       .client_gets = answer(kKeep)},
      {.name = "100",
       .client_sends = old_request("GET /", kKeep),
       .backend_sends = "HTTP/1.1 100 Continue\r\n\r\n" + ok("ok"),
       .client_gets = ok("ok", kKeep)},
      {.name = "102 and 103",
       .client_sends = old_request("GET /", kKeep),
       .backend_sends =
           "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n" + ok("ok"),
       .client_gets = ok("ok", kKeep)},
      {.name = "Upgrade is not offered on",
       .client_sends = old_request("GET /", "Connection: upgrade\r\nUpgrade: websocket\r\n"),
       .client_gets = ok("ok", kClose),
       .then = Then::closed},
      {.name = "101 that nobody could ask for",
       .client_sends = old_request("GET /", "Connection: upgrade\r\nUpgrade: websocket\r\n"),
       .script = {read_request(),
                  send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
                  read_to_end()},
       .client_gets = "",
       .status = 502,
       .then = Then::closed},
      {.name = "Upgrade in 426",
       .client_sends = old_request("GET /", kKeep),
       .backend_sends = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\n"
                        "Connection: upgrade\r\nContent-Length: 0\r\n\r\n",
       .client_gets = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n" + kKeep + "\r\n"},
  });
}

TEST_CASE("rule 7: an expectation of HTTP/1.0 is ignored, TE as well") {
  play({
      {.name = "100-continue",
       .client_sends =
           old_request("POST /", "Expect: 100-continue\r\nContent-Length: 5\r\n" + kKeep, "hello"),
       .backend_gets = forwarded("POST /", "Content-Length: 5\r\n", "hello"),
       .client_gets = ok("ok", kKeep)},
      kept("unknown expectation", "Expect: more\r\n" + kKeep),
      kept("TE: trailers", "TE: trailers\r\n" + kKeep),
      kept("TE: trailers, named", "TE: trailers\r\nConnection: TE, keep-alive\r\n"),
  });
}

TEST_CASE("rule 7: Transfer-Encoding from HTTP/1.0 is a fault") {
  const auto coded = [](const std::string& name, const std::string& fields) {
    return Refused{name, "POST / HTTP/1.0\r\nHost: a\r\n" + fields + "\r\n0\r\n\r\n"};
  };
  refuse({
      coded("chunked", kChunked),
      coded("chunked and keep-alive", kChunked + kKeep),
      coded("chunked and a length", kChunked + "Content-Length: 5\r\n"),
      coded("identity", "Transfer-Encoding: identity\r\n"),
      coded("unknown", "Transfer-Encoding: x\r\n"),
      coded("empty", "Transfer-Encoding:\r\n"),
      {"on GET", "GET / HTTP/1.0\r\n" + kChunked + "\r\n0\r\n\r\n"},
  });
}

TEST_CASE("rule 7: what HTTP/1.0 leaves out is not guessed") {
  const std::string no_host = "GET / HTTP/1.0\r\n" + std::string(kIds) + "\r\n";
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(no_host);
  CHECK(client.read_to_end() == ok("ok", kClose));
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.start_line == "GET / HTTP/1.1");
  // The backend is named, since this client named nobody.
  CHECK(got.header("Host") == "127.0.0.1:" + std::to_string(backend.port()));

  play({
      {.name = "a body without a length is none",
       .client_sends = old_request("POST /", kKeep) + request("GET /2"),
       .backend_gets = forwarded("POST /") + forwarded("GET /2"),
       .client_gets = ok("ok", kKeep) + ok("ok")},
      {.name = "a length frames as ever",
       .client_sends = old_request("POST /", "Content-Length: 5\r\n" + kKeep, "hello"),
       .backend_gets = forwarded("POST /", "Content-Length: 5\r\n", "hello"),
       .client_gets = ok("ok", kKeep)},
      {.name = "what follows a request without keep-alive is none",
       .client_sends = old_request("GET /") + kSmuggled,
       .client_gets = ok("ok", kClose),
       .then = Then::closed},
  });
}
