#include <string>
#include <vector>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using namespace std::string_literals;

struct Refused {
  int status;
  std::string request;
};

std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

const std::vector<Refused> kFraming{
    // Content-Length against Transfer-Encoding
    {400, request_with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n")},
    {400, request_with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")},
    // Transfer-Encoding against Transfer-Encoding
    {400, request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")},
    {400, request_with("Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n")},
    {501, request_with("Transfer-Encoding: xchunked\r\n")},
    {501, request_with("Transfer-Encoding: gzip, chunked\r\n")},
    {501, request_with("Transfer-Encoding: gzip\r\n")},
    {400, request_with("Transfer-Encoding: identity\r\n")},
    {400, request_with("Transfer-Encoding: identity, chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked, identity\r\n")},
    {400, request_with("Transfer-Encoding: chunked, chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked, gzip\r\n")},
    {400, request_with("Transfer-Encoding: chunked;q=1\r\n")},
    {400, request_with("Transfer-Encoding: chunked,\r\n")},
    {400, request_with("Transfer-Encoding: ,chunked\r\n")},
    {400, request_with("Transfer-Encoding: \"chunked\"\r\n")},
    {400, request_with("Transfer-Encoding: chu nked\r\n")},
    {400, request_with("Transfer-Encoding:\r\n")},
    {400, request_with("Transfer-Encoding: \x0b"
                       "chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked\x0c\r\n")},
    {400, request_with("Transfer-Encoding: \xa0"
                       "chunked\r\n")},
    {400, request_with("Transfer-Encoding : chunked\r\n")},
    {400, request_with("Transfer-Encoding\t: chunked\r\n")},
    {400, request_with(" Transfer-Encoding: chunked\r\n")},
    {400, request_with("X: y\r\n Transfer-Encoding: chunked\r\n")},
    {400, request_with("Transfer-Encoding:\r\n chunked\r\n")},
    {400, request_with("X: y\nTransfer-Encoding: chunked\r\n")},
    {400, request_with("X: y\rTransfer-Encoding: chunked\r\n")},
    {400, request_with("X: y\r\r\nTransfer-Encoding: chunked\r\n")},
    {400, request_with("Transfer-Encoding: chunked\n")},
    {400, request_with("Transfer-Encoding: chunked\r")},
    {400, request_with("\x01Transfer-Encoding: chunked\r\n")},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    // Content-Length
    {400, request_with("Content-Length: 5\r\nContent-Length: 5\r\n")},
    {400, request_with("Content-Length: 5\r\nContent-length: 6\r\n")},
    {400, request_with("Content-Length: 5, 5\r\n")},
    {400, request_with("Content-Length: 5,\r\n")},
    {400, request_with("Content-Length:\r\n")},
    {400, request_with("Content-Length: +5\r\n")},
    {400, request_with("Content-Length: -5\r\n")},
    {400, request_with("Content-Length: 0x5\r\n")},
    {400, request_with("Content-Length: 5 5\r\n")},
    {400, request_with("Content-Length: 5.0\r\n")},
    {400, request_with("Content-Length: 1e3\r\n")},
    {400, request_with("Content-Length: 9223372036854775808\r\n")},
    {400, request_with("Content-Length: 18446744073709551621\r\n")},
    {400, request_with("Content-Length: 99999999999999999999999\r\n")},
    {400, request_with("Content-Length : 5\r\n")},
    {400, request_with("Content-Length: 5\x00\r\n"s)},
    {400, request_with("Content-Length: \xd9\xa5\r\n")},
};

const std::vector<Refused> kLines{
    {400, request_with(": x\r\n")},
    {400, request_with("Name\r\n")},
    {400, request_with("Na me: x\r\n")},
    {400, request_with("Na(me: x\r\n")},
    {400, request_with("Na\x80me: x\r\n")},
    {400, request_with("X: a\x00"
                       "b\r\n"s)},
    {400, request_with("X: a\x7f\r\n")},
    {400, request_with("X: a\x1f\r\n")},
    {400, request_with("\n")},
    {400, request_with("Connection: close;x\r\n")},
    {400, request_with("Connection: \"close\"\r\n")},
    {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\rHost: a\r\n\r\n"},
    {400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET\r\n"},
    {400, "GET /\r\n"},
    {400, "GET / \r\n"},
    {400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/11\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
    {400, "GET / HTP/1.1\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {400, "\x16\x03\x01\x02"},
    {501, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"},
};

const std::vector<Refused> kTargets{
    {400, with_target("/a#b")},
    {400, with_target("#")},
    {400, with_target("/a\x00"s)},
    {400, with_target("/a\x01")},
    {400, with_target("/a\x7f")},
    {400, with_target("/a\tb")},
    {400, with_target("/a\rb")},
    {400, with_target("/a%00b")},
    {400, with_target("*")},
    {400, with_target("*x")},
    {400, with_target("a")},
    {400, with_target("a:443")},
    {400, with_target("?x")},
    {400, with_target("ftp://a/")},
    {400, with_target("http:/a")},
    {400, with_target("http://")},
    {400, with_target("http:///a")},
    {400, with_target("http://?x")},
    {400, with_target("http://:80/")},
    {400, with_target("http://u@a/")},
    {400, with_target("http://a:x/")},
    {400, with_target("http://[::1/")},
    {400, with_target("xhttp://a/")},
    {400, with_target("http://a/%00")},
    {400, "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n"},
};

const std::vector<Refused> kHosts{
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET http://a/ HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"},
    {400, "GET http://a/ HTTP/1.1\r\nHost: b@c\r\n\r\n"},
    {400, with_host("")},
    {400, with_host("a b")},
    {400, with_host("a,b c")},
    {400, with_host("a,b")},
    {400, with_host("a%00b")},
    {400, with_host("a%0d%0ab")},
    {400, with_host("a%2Fb")},
    {400, with_host("a%40b")},
    {400, with_host("u@a")},
    {400, with_host("a/b")},
    {400, with_host("http://a")},
    {400, with_host("a:99999")},
};

void check_all(const std::vector<Refused>& table) {
  for (const Refused& row : table) {
    const ParsedRequest parsed(row.request);
    CAPTURE(row.request, parsed.detail());
    REQUIRE(parsed.outcome.status == ParseStatus::fault);
    CHECK(parsed.status() == row.status);
    CHECK_FALSE(parsed.detail().empty());
    // Once a fault is seen it stays the same, however much more arrives.
    bool faulted = false;
    for (std::size_t cut = 0; cut <= row.request.size(); ++cut) {
      const ParsedRequest part(std::string_view(row.request).substr(0, cut));
      REQUIRE(part.outcome.status != ParseStatus::complete);
      if (faulted) REQUIRE(part.outcome.status == ParseStatus::fault);
      faulted = part.outcome.status == ParseStatus::fault;
      if (faulted) CHECK(part.detail() == parsed.detail());
    }
  }
}

TEST_CASE("a request with doubtful framing is refused") { check_all(kFraming); }
TEST_CASE("a request with malformed lines is refused") { check_all(kLines); }
TEST_CASE("a request with a malformed target is refused") { check_all(kTargets); }
TEST_CASE("a request without exactly one valid Host is refused") { check_all(kHosts); }

TEST_CASE("a fault in a complete line is told before the head is complete") {
  CHECK(ParsedRequest("GET / HTTP/1.1\r\nBad Name: x\r\n").status() == 400);
  CHECK(ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nX: y\n").status() == 400);
  CHECK(ParsedRequest("GET / HTTP/2.0\r\n").status() == 505);
}

TEST_CASE("more connection options than any client sends are refused") {
  std::string options = "Connection: a";
  for (int i = 0; i < 100; ++i) options += ",a";
  CHECK(ParsedRequest(request_with(options + "\r\n")).status() == 400);
}

TEST_CASE("a fault tells apart what was malformed, too large and not supported") {
  CHECK(ParsedRequest("GET\r\n").outcome.fault.kind == ErrorKind::malformed_request);
  CHECK(ParsedRequest("CONNECT a:1 HTTP/1.1\r\n").outcome.fault.kind == ErrorKind::not_supported);
  HeadLimits limits;
  limits.max_uri_bytes = 4;
  CHECK(ParsedRequest("GET /12345", limits).outcome.fault.kind == ErrorKind::uri_too_long);
}

}  // namespace
}  // namespace ficus::proxy::http
