#include "proxy/http/head_writer.h"

#include <string>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

UpstreamHeadContext context_of(std::string_view client_ip) {
  UpstreamHeadContext context;
  context.client_ip = client_ip;
  return context;
}

std::string upstream(const std::string& request,
                     const UpstreamHeadContext& context = context_of("192.0.2.9")) {
  const ParsedRequest parsed(request);
  CAPTURE(request, parsed.detail());
  REQUIRE(parsed.complete());
  HeadBuffer out;
  write_upstream_head(parsed.head, context, out);
  return std::string(out.view());
}

std::string downstream(const std::string& response, const DownstreamHeadContext& context,
                       Method method = Method::get) {
  const ParsedResponse parsed(response, method);
  CAPTURE(response, parsed.detail());
  REQUIRE(parsed.complete());
  HeadBuffer out;
  write_downstream_head(parsed.head, context, out);
  return std::string(out.view());
}

const std::string kForwarded =
    "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n";

TEST_CASE("a request goes on with the case and order of its fields") {
  CHECK(upstream("GET /x?y HTTP/1.1\r\nhoSt: a\r\nZ-Last: 1\r\naccept: */*\r\nZ-Last: 2\r\n\r\n") ==
        "GET /x?y HTTP/1.1\r\nhoSt: a\r\nZ-Last: 1\r\naccept: */*\r\nZ-Last: 2\r\n" + kForwarded);
}

TEST_CASE("a request's own framing is written, once") {
  CHECK(upstream("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n" + kForwarded);
  CHECK(upstream("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + kForwarded);
  CHECK(upstream("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:Chunked\r\nTrailer: X\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\nTrailer: X\r\n" + kForwarded);
  CHECK(upstream("POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: a\r\n" + kForwarded);
}

TEST_CASE("white space around values is normalised") {
  CHECK(upstream("GET / HTTP/1.1\r\nHost:a\r\nA:  1 \r\nB:\r\nC: \r\nD: x\ty\r\nE:\t1\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB:\r\nC: \r\nD: x\ty\r\nE: 1\r\n" + kForwarded);
}

TEST_CASE("hop-by-hop fields end at the proxy") {
  CHECK(upstream("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Gone\r\nKeep-Alive: 5\r\n"
                 "A: 1\r\nX-Gone: 1\r\nProxy-Connection: x\r\nTE: gzip\r\nUpgrade: x\r\n"
                 "Proxy-Authorization: kept\r\nX-Ficus-Side: new\r\nHTTP2-Settings: AA\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nProxy-Authorization: kept\r\n" + kForwarded);
}

TEST_CASE("a client's wish for trailers goes on") {
  CHECK_THAT(upstream("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers, gzip\r\nConnection: TE\r\n\r\n"),
             ContainsSubstring("\r\nTE: trailers\r\nConnection: TE\r\n"));
}

TEST_CASE("an upgrade is offered on with a Connection of the proxy's own") {
  const std::string sent = upstream(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Key: k\r\n\r\n");
  CHECK_THAT(sent, ContainsSubstring("Host: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"));
  CHECK_THAT(sent, ContainsSubstring("\r\nConnection: upgrade\r\n"));
}

TEST_CASE("the authority of an absolute-form target replaces Host") {
  const std::string forwarded =
      "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: b:1\r\n\r\n";
  CHECK(upstream("GET http://b:1/p HTTP/1.1\r\nA: 1\r\nhost: a\r\nB: 2\r\n\r\n") ==
        "GET /p HTTP/1.1\r\nA: 1\r\nhost: b:1\r\nB: 2\r\n" + forwarded);
  CHECK(upstream("GET http://b:1?q HTTP/1.1\r\nhost: a\r\n\r\n") ==
        "GET /?q HTTP/1.1\r\nhost: b:1\r\n" + forwarded);
  CHECK(upstream("OPTIONS http://b:1 HTTP/1.0\r\n\r\n") ==
        "OPTIONS * HTTP/1.1\r\nHost: b:1\r\n" + forwarded);
}

TEST_CASE("a request without Host gets one, since it leaves as HTTP/1.1") {
  UpstreamHeadContext context = context_of("192.0.2.9");
  context.default_host = "10.0.0.5:9001";
  CHECK(upstream("GET / HTTP/1.0\r\n\r\n", context) ==
        "GET / HTTP/1.1\r\nHost: 10.0.0.5:9001\r\nX-Forwarded-For: 192.0.2.9\r\n"
        "X-Forwarded-Proto: http\r\n\r\n");
}

TEST_CASE("forwarding fields are appended to, or kept") {
  CHECK(
      upstream("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n"
               "X-Forwarded-Proto: https\r\nX-Forwarded-For:\r\nX-Forwarded-For: unknown, x\r\n"
               "X-Forwarded-Host: front\r\nConnection: X-Forwarded-For, X-Forwarded-Proto\r\n\r\n",
               context_of("2001:db8::1")) ==
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: front\r\n"
      "X-Forwarded-For: 198.51.100.1, unknown, x, 2001:db8::1\r\n\r\n");
}

TEST_CASE("request id and trace go on, or are replaced, with all their lines") {
  const std::string request =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: r1\r\ntraceparent: t1\r\nTraceparent: t2\r\n"
      "tracestate: s1\r\n\r\n";
  CHECK_THAT(upstream(request),
             ContainsSubstring("Host: a\r\nX-Request-Id: r1\r\ntraceparent: t1\r\n"
                               "Traceparent: t2\r\ntracestate: s1\r\nX-Forwarded-For"));
  UpstreamHeadContext context = context_of("192.0.2.9");
  context.request_id = "own";
  context.traceparent = "trace";
  CHECK_THAT(upstream(request, context), ContainsSubstring("Host: a\r\ntracestate: s1\r\nX-For"));
  CHECK_THAT(upstream(request, context),
             ContainsSubstring("\r\nX-Request-Id: own\r\ntraceparent: trace\r\n\r\n"));
  context.keep_tracestate = false;
  CHECK_THAT(upstream(request, context), ContainsSubstring("Host: a\r\nX-For"));
}

TEST_CASE("a client's request id counts if it is one, short and visible") {
  const auto id = [](const std::string& lines) {
    const ParsedRequest parsed(request_with(lines));
    REQUIRE(parsed.complete());
    return std::string(client_request_id(parsed.head));
  };
  CHECK(id("X-Request-ID: abc-1\r\n") == "abc-1");
  CHECK(id("").empty());
  CHECK(id("X-Request-Id:\r\n").empty());
  CHECK(id("X-Request-Id: a b\r\n").empty());
  CHECK(id("X-Request-Id: \xc3\xa9\r\n").empty());
  CHECK(id("X-Request-Id: a\r\nX-Request-Id: b\r\n").empty());
  CHECK(id("X-Request-Id: " + std::string(128, 'x') + "\r\n").size() == 128);
  CHECK(id("X-Request-Id: " + std::string(129, 'x') + "\r\n").empty());
}

TEST_CASE("several traceparent lines are none") {
  const auto parent = [](const std::string& lines) {
    const ParsedRequest parsed(request_with(lines));
    REQUIRE(parsed.complete());
    return std::string(client_traceparent(parsed.head));
  };
  CHECK(parent("Traceparent: a\r\n") == "a");
  CHECK(parent("").empty());
  CHECK(parent("traceparent: a\r\ntraceparent: a\r\n").empty());
}

TEST_CASE("a response goes on as it came, under the proxy's own version") {
  DownstreamHeadContext context;
  context.framing = Framing::length;
  context.content_length = 5;
  CHECK(downstream("HTTP/1.0 200 Fine\r\nserver: x\r\nContent-length: 5\r\nDate: d\r\n"
                   "Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nVary: a\r\n\r\n",
                   context) ==
        "HTTP/1.1 200 Fine\r\nserver: x\r\nContent-length: 5\r\nDate: d\r\nVary: a\r\n\r\n");
  CHECK(downstream("HTTP/1.1 200\r\nContent-Length: 005\r\n\r\n", context) ==
        "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("a response's framing is what the exchange chose") {
  const std::string chunked = response_with("Transfer-Encoding: chunked\r\nTrailer: X\r\nA: 1\r\n");
  DownstreamHeadContext context;
  context.framing = Framing::chunked;
  CHECK(downstream(chunked, context) ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\nA: 1\r\n\r\n");
  CHECK(downstream(response_with("A: 1\r\n"), context) ==
        "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  context.framing = Framing::until_close;
  context.client_minor_version = 0;
  context.close = true;
  CHECK(downstream(chunked, context) == "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: close\r\n\r\n");
  context.framing = Framing::length;
  context.content_length = 7;
  context.close = false;
  CHECK(downstream(chunked, context) ==
        "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a response without a body keeps the length it speaks of") {
  DownstreamHeadContext context;
  CHECK(downstream(response_with("Content-Length: 70\r\n"), context, Method::head) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n");
  CHECK(downstream(response_with("Content-Length:070\r\n"), context, Method::head) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n");
  CHECK(downstream("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", context) ==
        "HTTP/1.1 204 x\r\n\r\n");
  CHECK(downstream(response_with("Content-Length: 0\r\n"), context) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  context.client_minor_version = 0;
  context.close = true;
  CHECK(downstream(response_with("Transfer-Encoding: chunked\r\n"), context, Method::head) ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a change of protocol is passed on, an unasked offer is not") {
  DownstreamHeadContext context;
  CHECK(
      downstream("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: k\r\n\r\n",
                 context) ==
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nSec-WebSocket-Accept: k\r\n"
      "Connection: upgrade\r\n\r\n");
  context.close = true;
  CHECK(
      downstream("HTTP/1.1 426 x\r\nUpgrade: foo\r\nContent-Length: 0\r\n\r\n", context) ==
      "HTTP/1.1 426 x\r\nUpgrade: foo\r\nContent-Length: 0\r\nConnection: upgrade, close\r\n\r\n");
  context.close = false;
  CHECK(downstream(response_with("Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 0\r\n"),
                   context) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("an interim response says nothing about the connection") {
  DownstreamHeadContext context;
  context.close = true;
  CHECK(downstream("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: close\r\n\r\n",
                   context) == "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
}

TEST_CASE("a cookie of the proxy's own joins those of the backend") {
  DownstreamHeadContext context;
  context.set_cookie = "ficus_key=1";
  CHECK(
      downstream(response_with("Set-Cookie: a=b\r\nContent-Length: 0\r\n"), context) ==
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nSet-Cookie: ficus_key=1\r\n\r\n");
}

}  // namespace
}  // namespace ficus::proxy::http
