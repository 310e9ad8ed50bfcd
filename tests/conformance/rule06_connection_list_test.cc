// Rule 6: the Connection list is applied in both directions, but never to framing fields, Host, or
// what the proxy adds. RFC 9110 §7.6.1, §10.1.4.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

Case towards_backend(const std::string& name, const std::string& sent,
                     const std::string& arrives = {}) {
  return {.name = name,
          .client_sends = request("GET /", sent),
          .backend_gets = forwarded("GET /", arrives)};
}

Case towards_client(const std::string& name, const std::string& sent,
                    const std::string& gets = {}) {
  return {.name = name, .backend_sends = ok("ok", sent), .client_gets = ok("ok", gets)};
}

}  // namespace

TEST_CASE("rule 6: fields that a request's Connection names end at the proxy") {
  play({
      towards_backend("one", "Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\n", "X-B: 2\r\n"),
      towards_backend("in another case", "Connection: x-a\r\nX-A: 1\r\nx-A: 2\r\n"),
      towards_backend("several", "Connection: X-A,X-B ,\tX-C\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n"),
      towards_backend("empty members", "Connection: ,, X-A ,\r\nX-A: 1\r\n"),
      towards_backend("two lines", "Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n"),
      towards_backend("field before the list", "X-A: 1\r\nConnection: X-A\r\n"),
      towards_backend("not there", "Connection: X-A\r\nX-B: 2\r\n", "X-B: 2\r\n"),
      towards_backend("only a part of the name", "Connection: X\r\nX-A: 1\r\n", "X-A: 1\r\n"),
      towards_backend("keep-alive", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"),
      towards_backend("Cookie", "Connection: Cookie\r\nCookie: a=1\r\n"),
      towards_backend("empty", "Connection:\r\nX-A: 1\r\n", "X-A: 1\r\n"),
  });
}

TEST_CASE("rule 6: fields of one hop end at the proxy, named or not") {
  play({
      towards_backend("Keep-Alive", "Keep-Alive: timeout=5\r\n"),
      towards_backend("Proxy-Connection", "Proxy-Connection: keep-alive\r\n"),
      towards_backend("TE without trailers", "TE: gzip\r\n"),
      towards_backend("TE with no trailers, named", "Connection: TE\r\nTE: deflate;q=0.5\r\n"),
      towards_backend("Upgrade that Connection does not name", "Upgrade: websocket\r\n"),
      towards_backend("Trailer without chunks", "Trailer: X-Sum\r\n"),
      towards_backend("HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
      towards_client("Keep-Alive back", "Keep-Alive: timeout=5\r\n"),
      towards_client("Proxy-Connection back", "Proxy-Connection: close\r\n"),
      towards_client("Upgrade back", "Upgrade: h2c\r\nConnection: Upgrade\r\n"),
      towards_client("TE back", "TE: trailers\r\n"),
  });
}

TEST_CASE("rule 6: the list cannot take away what framing and identity rest on") {
  const std::string body = "Content-Length: 5\r\n";
  const auto kept = [&](const std::string& option) {
    return Case{.name = option,
                .client_sends = request("POST /", "Connection: " + option + "\r\n" + body, "hello"),
                .backend_gets = forwarded("POST /", body, "hello")};
  };
  play({
      kept("Content-Length"),
      kept("content-length, keep-alive"),
      kept("Host"),
      kept("Transfer-Encoding"),
      kept("X-Forwarded-For"),
      kept("X-Forwarded-Proto"),
      kept("X-Forwarded-Host"),
      kept("X-Request-Id"),
      kept("traceparent"),
      kept("Connection"),
      kept("Host, Content-Length, X-Forwarded-For, X-Forwarded-Proto"),
      {.name = "Transfer-Encoding of a chunked body",
       .client_sends =
           request("POST /", "Connection: transfer-encoding\r\n" + kChunked, "0\r\n\r\n"),
       .backend_gets = forwarded("POST /", kChunked, "0\r\n\r\n")},
      {.name = "X-Forwarded-For of an earlier proxy",
       .client_sends =
           request("GET /", "Connection: X-Forwarded-For\r\nX-Forwarded-For: 192.0.2.1\r\n"),
       .backend_gets =
           [] {
             std::string bytes = forwarded("GET /");
             return bytes.replace(bytes.find("127.0.0.1"), 9, "192.0.2.1, 127.0.0.1");
           }()},
  });
}

TEST_CASE("rule 6: fields that an answer's Connection names end at the proxy") {
  play({
      towards_client("one", "Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\n", "X-B: 2\r\n"),
      towards_client("in another case", "Connection: x-a\r\nX-A: 1\r\nx-A: 2\r\n"),
      towards_client("two lines", "Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n"),
      towards_client("close and a field", "Connection: close, X-A\r\nX-A: 1\r\n"),
      towards_client("its own length", "Connection: Content-Length\r\n"),
      {.name = "its own coding",
       .backend_sends = answer("Connection: Transfer-Encoding\r\n" + kChunked, "0\r\n\r\n"),
       .client_gets = answer(kChunked, "0\r\n\r\n")},
  });
}

TEST_CASE("rule 6: close ends the connection it was said on, and only that") {
  const auto ends = [](const std::string& name, const std::string& fields) {
    return Case{.name = name,
                .client_sends = request("GET /", fields) + kSmuggled,
                .client_gets = ok("ok", "Connection: close\r\n"),
                .then = Then::closed,
                .connections = 1};
  };
  play({
      ends("close", "Connection: close\r\n"),
      ends("in another case", "Connection: CLOSE\r\n"),
      ends("in a list", "Connection: x, close , y\r\n"),
      ends("in a second line", "Connection: x\r\nConnection: close\r\n"),
      ends("with keep-alive", "Connection: keep-alive, close\r\n"),
      {.name = "not as a part of a word",
       .client_sends = request("GET /", "Connection: closed\r\n"),
       .connections = 1},
      {.name = "not in Proxy-Connection",
       .client_sends = request("GET /", "Proxy-Connection: close\r\n"),
       .connections = 1},
      {.name = "not from the backend",
       .backend_sends = ok("ok", "Connection: close\r\n"),
       .connections = 2},
  });
}

TEST_CASE("rule 6: a list that cannot be read is refused") {
  std::string many = "Connection: a";
  for (int i = 0; i < 100; ++i) many += ",a";
  refuse({
      {"two words", get_with("Connection: a b\r\n")},
      {"quoted", get_with("Connection: \"close\"\r\n")},
      {"parameter", get_with("Connection: close;a\r\n")},
      {"colon", get_with("Connection: Host:\r\n")},
      {"8-bit byte", get_with("Connection: clos\xc3\xa9\r\n")},
      {"more options than anybody sends", get_with(many + "\r\n")},
  });
}

TEST_CASE("rule 6: TE: trailers goes on as the proxy's own") {
  const auto with_te = [](const std::string& name, const std::string& fields) {
    std::string arrives = forwarded("GET /");
    arrives.insert(arrives.size() - 2, "TE: trailers\r\nConnection: TE\r\n");
    return Case{.name = name, .client_sends = request("GET /", fields), .backend_gets = arrives};
  };
  play({
      with_te("named", "TE: trailers\r\nConnection: TE\r\n"),
      with_te("not named", "TE: trailers\r\n"),
      with_te("in a list", "Connection: TE\r\nTE: gzip;q=0.5, trailers\r\n"),
      with_te("in another case", "te: TRAILERS\r\nConnection: te\r\n"),
      with_te("in two lines", "TE: gzip\r\nTE: trailers\r\n"),
  });
}
