// Smuggling through a change of protocol: a tunnel carries bytes that nobody judges, so it opens
// only to a protocol that the client offered and only on the backend's word. RFC 9110 §7.8;
// RFC 9113 §3.1 (h2c is gone); RFC 6455 §4.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string switch_to(const std::string& protocol) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + protocol +
         "\r\nConnection: upgrade\r\n\r\n";
}

const std::string kWebSocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

std::string asked(const std::string& protocol = "websocket") {
  std::string bytes = forwarded("GET /", "Upgrade: " + protocol + "\r\n");
  return bytes.insert(bytes.size() - 2, "Connection: upgrade\r\n");
}

// The offer does not go on, and what the backend answers is an ordinary answer.
Case not_offered(const std::string& name, const std::string& fields,
                 const std::string& arrives = {}) {
  return {.name = name,
          .client_sends = request("GET /", fields),
          .backend_gets = forwarded("GET /", arrives),
          .connections = 1};
}

Case not_switched(const std::string& name, const std::string& sent, const std::string& arrives,
                  const std::string& from_backend) {
  return {.name = name,
          .client_sends = sent,
          .backend_gets = arrives,
          .script = {read_request(), send(from_backend), read_to_end()},
          .client_gets = "",
          .status = 502,
          .connections = 2};
}

}  // namespace

TEST_CASE("smuggling, upgrade: protocols that would carry requests unjudged are not offered on") {
  const auto offer = [](const std::string& protocol) {
    return not_offered(protocol, "Connection: Upgrade\r\nUpgrade: " + protocol + "\r\n");
  };
  play({
      offer("h2c"),
      offer("H2C"),
      offer("h2"),
      offer("HTTP/2.0"),
      offer("HTTP/1.1"),
      offer("TLS/1.0"),
      offer("TLS/1.2, HTTP/1.1"),
      offer("h2c, websocket"),
      offer("websocket, h2c"),
      offer("h2c/1"),
      offer("a b"),
      offer(""),
      not_offered("h2c with its settings",
                  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                  "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
      not_offered("h2c, settings not named",
                  "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
      not_offered("two lines", kWebSocket + "Upgrade: h2c\r\n"),
      not_offered("two equal lines", kWebSocket + "Upgrade: websocket\r\n"),
      not_offered("Connection does not say so", "Upgrade: websocket\r\n"),
      not_offered("Connection says something else",
                  "Connection: keep-alive\r\nUpgrade: websocket\r\n"),
      not_offered("Connection says it of nothing", "Connection: Upgrade\r\n"),
  });
}

TEST_CASE("smuggling, upgrade: a request with a body changes no protocol") {
  const std::string length = "Content-Length: 5\r\n";
  play({
      {.name = "length",
       .client_sends = request("POST /", kWebSocket + length, "hello"),
       .backend_gets = forwarded("POST /", length, "hello")},
      {.name = "length on GET",
       .client_sends = request("GET /", kWebSocket + length, "hello"),
       .backend_gets = forwarded("GET /", length, "hello")},
      {.name = "chunks",
       .client_sends = request("GET /", kWebSocket + kChunked, "0\r\n\r\n"),
       .backend_gets = forwarded("GET /", kChunked, "0\r\n\r\n")},
      {.name = "length, and the backend switches all the same",
       .client_sends = request("POST /", kWebSocket + length, "hello"),
       .backend_gets = forwarded("POST /", length, "hello"),
       .script = {read_request(), send(switch_to("websocket")), read_to_end()},
       .client_gets = "",
       .status = 502,
       .connections = 2},
      {.name = "expectation",
       .client_sends = request("POST /", kWebSocket + "Expect: 100-continue\r\n" + length, "hello"),
       .backend_gets = forwarded("POST /", "Expect: 100-continue\r\n" + length, "hello")},
  });
}

TEST_CASE("smuggling, upgrade: 101 that was not asked for is a bad gateway") {
  const std::string poison = switch_to("websocket") + ok("poison");
  play({
      not_switched("no offer", request("GET /"), forwarded("GET /"), poison),
      not_switched("POST", request("POST /"), forwarded("POST /"), poison),
      not_switched("offer without Connection", request("GET /", "Upgrade: websocket\r\n"),
                   forwarded("GET /"), poison),
      not_switched("offer that did not go on",
                   request("GET /", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), forwarded("GET /"),
                   switch_to("h2c") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      not_switched("101 without Upgrade", request("GET /"), forwarded("GET /"),
                   "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  });
}

TEST_CASE("smuggling, upgrade: 101 that does not fit the offer is a bad gateway") {
  const std::string offer = request("GET /", kWebSocket);
  play({
      not_switched("another protocol", offer, asked(), switch_to("h2c")),
      not_switched("another version", offer, asked(), switch_to("websocket/2")),
      not_switched("one that only begins so", offer, asked(), switch_to("websockets")),
      not_switched("one more than was offered", offer, asked(), switch_to("websocket, h2c")),
      not_switched("empty", offer, asked(), switch_to("")),
      not_switched("no Upgrade", offer, asked(),
                   "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"),
      not_switched("HTTP/1.0", offer, asked(),
                   "HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: upgrade\r\n\r\n"),
      not_switched("with a length", offer, asked(),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: upgrade\r\nContent-Length: 5\r\n\r\nhello"),
      not_switched("with a coding", offer, asked(),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: upgrade\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  });
}

TEST_CASE("smuggling, upgrade: without 101 the next bytes are requests, judged as any") {
  const auto refused_upgrade = [](const std::string& name, const std::string& bytes,
                                  const std::string& gets) {
    return Case{.name = name,
                .client_sends = request("GET /", kWebSocket + "Sec-WebSocket-Version: 777\r\n") +
                                "GET /smuggled HTTP/1.1\r\n\r\n",
                .backend_gets =
                    [] {
                      std::string head = forwarded(
                          "GET /", "Upgrade: websocket\r\nSec-WebSocket-Version: 777\r\n");
                      return head.insert(head.size() - 2, "Connection: upgrade\r\n");
                    }(),
                .backend_sends = bytes,
                .client_gets = gets,
                .status = 400,
                .then = Then::closed,
                .connections = 1};
  };
  const std::string bad_request = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  const std::string forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
  play({
      refused_upgrade("200", ok("ok"), ok("ok")),
      refused_upgrade("400", bad_request, bad_request),
      refused_upgrade("403", forbidden, forbidden),
      refused_upgrade("426",
                      "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n"
                      "Content-Length: 0\r\n\r\n",
                      "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n"
                      "Content-Length: 0\r\n\r\n"),
      refused_upgrade("100 and 200", "HTTP/1.1 100 Continue\r\n\r\n" + ok("ok"),
                      "HTTP/1.1 100 Continue\r\n\r\n" + ok("ok")),
  });
}
