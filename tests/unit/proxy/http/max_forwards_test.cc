#include "proxy/http/max_forwards.h"

#include <string>

#include "proxy/http/head_writer.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

std::string request(std::string_view method, std::string_view lines) {
  return std::string(method) + " / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

// What Max-Forwards says as the request goes on; "used up" if it does not.
std::string counted(std::string_view method, std::string_view value) {
  ParsedRequest parsed(request(method, "Max-Forwards: " + std::string(value) + "\r\nX: y\r\n"));
  REQUIRE(parsed.complete());
  if (count_hop(parsed.head, parsed.bytes.data()) == Hops::used_up) return "used up";
  HeadBuffer out;
  write_upstream_head(parsed.head, {}, out);
  const ParsedRequest sent(out.view());
  REQUIRE(sent.complete());
  CHECK(sent.head.value(*sent.head.find("X")) == "y");
  return std::string(sent.head.value(*sent.head.find("Max-Forwards")));
}

TEST_CASE("Max-Forwards of OPTIONS and TRACE is less by one on each hop, until it is used up") {
  CHECK(counted("OPTIONS", "10") == "9");
  CHECK(counted("TRACE", "1") == "0");
  CHECK(counted("TRACE", "0100") == "99");
  CHECK(counted("TRACE", "0") == "used up");
  CHECK(counted("OPTIONS", "000") == "used up");
  CHECK(counted("OPTIONS", "99999999999999999999999") == "9223372036854775806");
}

TEST_CASE("Max-Forwards of other methods, and what is no number, goes on as it is") {
  CHECK(counted("GET", "0") == "0");
  CHECK(counted("POST", "5") == "5");
  CHECK(counted("OPTIONS", "") == "");
  CHECK(counted("OPTIONS", "-1") == "-1");
  CHECK(counted("TRACE", "1, 2") == "1, 2");
}

TEST_CASE("a request whose Max-Forwards is said twice ends where either is used up") {
  ParsedRequest parsed(request("TRACE", "Max-Forwards: 5\r\nmax-forwards: 0\r\n"));
  CHECK(count_hop(parsed.head, parsed.bytes.data()) == Hops::used_up);
}

}  // namespace
}  // namespace ficus::proxy::http
