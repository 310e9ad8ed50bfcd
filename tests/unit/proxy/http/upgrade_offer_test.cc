#include "proxy/http/upgrade_offer.h"

#include <string>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

bool fits(const std::string& offered, const std::string& switched_lines) {
  const ParsedRequest request(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: " + offered + "\r\n\r\n");
  const ParsedResponse switched("HTTP/1.1 101 Switching Protocols\r\n" + switched_lines + "\r\n");
  REQUIRE(request.complete());
  REQUIRE(switched.complete());
  return fits_offer(request.head, switched.head);
}

TEST_CASE("a change of protocol fits if all that is switched to was offered") {
  CHECK(fits("websocket", "Upgrade: websocket\r\n"));
  CHECK(fits("websocket", "Upgrade: WebSocket\r\n"));
  CHECK(fits("chat/2, websocket", "Upgrade: websocket\r\n"));
  CHECK(fits("chat/2, websocket", "Upgrade: websocket, chat/2\r\n"));
  CHECK(fits("chat/2, websocket", "Upgrade: websocket\r\nUpgrade: chat/2\r\n"));
}

TEST_CASE("a change to anything that was not offered does not fit") {
  CHECK_FALSE(fits("websocket", "Upgrade: h2c\r\n"));
  CHECK_FALSE(fits("websocket", "Upgrade: websocket/2\r\n"));
  CHECK_FALSE(fits("websocket", "Upgrade: websocket, h2c\r\n"));
  CHECK_FALSE(fits("websocket", "Upgrade: websocket\r\nUpgrade: h2c\r\n"));
  CHECK_FALSE(fits("websocket", "Upgrade: \r\n"));
  // An offer that did not go on is none.
  CHECK_FALSE(fits("h2c", "Upgrade: h2c\r\n"));
}

}  // namespace
}  // namespace ficus::proxy::http
