#include "proxy/downstream/proxy_header.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using config::ProxyProtocol;
using Status = ProxyHeader::Status;
using namespace std::string_literals;

ProxyHeader read(const std::string& text, ProxyProtocol version) {
  // Exactly their size, so that a sanitizer sees each read past them.
  const std::vector<char> bytes(text.begin(), text.end());
  return parse_proxy_header({bytes.data(), bytes.size()}, version);
}

ProxyHeader v1(const std::string& text) { return read(text, ProxyProtocol::v1); }
ProxyHeader v2(const std::string& text) { return read(text, ProxyProtocol::v2); }

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string header_v2(int command, int family, const std::string& payload) {
  std::string text = kSignature;
  text += static_cast<char>(command);
  text += static_cast<char>(family);
  text += static_cast<char>(payload.size() >> 8);
  text += static_cast<char>(payload.size() & 255);
  return text + payload;
}

const std::string kIpv4 = "\xc0\x00\x02\x01\x0a\x00\x00\x01\x30\x39\x01\xbb"s;
const std::string kIpv6 =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x30\x39\x01\xbb"s;

TEST_CASE("a version 1 line names the client") {
  const ProxyHeader ipv4 = v1("PROXY TCP4 192.0.2.1 10.0.0.1 12345 443\r\nGET /");
  REQUIRE(ipv4.status == Status::complete);
  CHECK(ipv4.source.text() == "192.0.2.1:12345");
  CHECK(ipv4.size == 41);
  const ProxyHeader ipv6 = v1("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n");
  REQUIRE(ipv6.status == Status::complete);
  CHECK(ipv6.source.text() == "[2001:db8::1]:0");
  CHECK(v1("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n").source.text() == "192.0.2.1:1");
}

TEST_CASE("UNKNOWN, LOCAL and families that are no client's leave the peer as it is") {
  for (const std::string& text : std::initializer_list<std::string>{
           "PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n",
           "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"}) {
    CAPTURE(text);
    const ProxyHeader header = v1(text);
    CHECK(header.status == Status::complete);
    CHECK(header.size == text.size());
    CHECK(header.source.empty());
  }
  const std::string unix_sockets(216, '/');
  for (const std::string& text : std::initializer_list<std::string>{
           header_v2(0x20, 0x00, ""), header_v2(0x20, 0x11, kIpv4), header_v2(0x20, 0x21, "xyz"),
           header_v2(0x21, 0x00, ""), header_v2(0x21, 0x00, "abc"),
           header_v2(0x21, 0x31, unix_sockets), header_v2(0x21, 0x12, kIpv4),
           header_v2(0x21, 0x01, "")}) {
    const ProxyHeader header = v2(text + "GET /");
    CHECK(header.status == Status::complete);
    CHECK(header.size == text.size());
    CHECK(header.source.empty());
  }
}

TEST_CASE("a version 2 header names the client, whatever extensions follow") {
  for (const std::string& tlv : std::initializer_list<std::string>{
           ""s, "\x03\x00\x04\x01\x02\x03\x04"s, std::string(4000, 'x')}) {
    const std::string ipv4 = header_v2(0x21, 0x11, kIpv4 + tlv);
    CHECK(v2(ipv4 + "x").size == ipv4.size());
    CHECK(v2(ipv4).source.text() == "192.0.2.1:12345");
    CHECK(v2(header_v2(0x21, 0x21, kIpv6 + tlv)).source.text() == "[2001:db8::1]:12345");
  }
}

TEST_CASE("a PROXY header cut at any byte is incomplete") {
  for (const std::string& text : std::initializer_list<std::string>{
           "PROXY TCP4 192.0.2.1 10.0.0.1 12345 443\r\n", "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n",
           "PROXY UNKNOWN\r\n", "PROXY UNKNOWN x y\r\n"}) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      CAPTURE(text, cut);
      CHECK(v1(text.substr(0, cut)).status == Status::incomplete);
    }
  }
  for (const std::string& text : std::initializer_list<std::string>{
           header_v2(0x21, 0x11, kIpv4), header_v2(0x21, 0x21, kIpv6 + "xx"),
           header_v2(0x20, 0x00, "")}) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      CAPTURE(cut);
      CHECK(v2(text.substr(0, cut)).status == Status::incomplete);
    }
  }
}

TEST_CASE("malformed version 1 lines are faults") {
  const std::string text = GENERATE(
      as<std::string>{}, "GET / HTTP/1.1\r\n", "proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
      "PROXY\tTCP4 1.1.1.1 1.1.1.1 1 2\r\n", "PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n",
      "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 \r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
      "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n",
      "PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 -1 2\r\n",
      "PROXY TCP4 192.0.2.1 10.0.0.1 123456 2\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1  2\r\n",
      "PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n", "PROXY TCP4 192.0.2 10.0.0.1 1 2\r\n",
      "PROXY TCP4 localhost 10.0.0.1 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n", "PROXY TCP6 [::1] ::1 1 2\r\n",
      "PROXY TCP6 ::1%lo ::1 1 2\r\n", "PROXY UDP4 1.1.1.1 1.1.1.1 1 2\r\n",
      "PROXY TCP5 1.1.1.1 1.1.1.1 1 2\r\n", "PROXY UNKNOWNX\r\n", "PROXY \r\n",
      "PROXY  UNKNOWN\r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n",
      "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\rx", "PROXY UNKNOWN\n",
      "PROXY TCP4 192.0.2.1\0 10.0.0.1 1 2\r\n"s, "PROXY UNKNOWN \0\r\n"s,
      "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", "PROXY UNKNOWN " + std::string(500, 'x'),
      kSignature + "\x21\x11\0\x0c"s + kIpv4, "\r\nPROXY UNKNOWN\r\n");
  CAPTURE(text);
  const ProxyHeader header = v1(text);
  CHECK(header.status == Status::fault);
  CHECK_FALSE(header.fault.empty());
}

TEST_CASE("the longest version 1 line has 107 bytes") {
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  REQUIRE(longest.size() == kProxyV1Max);
  CHECK(v1(longest).status == Status::complete);
  CHECK(v1(longest + "more").size == kProxyV1Max);
}

TEST_CASE("malformed version 2 headers are faults") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n", "GET / HTTP/1.1\r\n",
      "\r\n\r\n\0\r\nQUIX"s, header_v2(0x11, 0x11, kIpv4), header_v2(0x31, 0x11, kIpv4),
      header_v2(0x22, 0x11, kIpv4), header_v2(0x2f, 0x11, kIpv4), header_v2(0x21, 0x41, kIpv4),
      header_v2(0x21, 0x13, kIpv4), header_v2(0x21, 0xff, kIpv4),
      header_v2(0x21, 0x11, kIpv4.substr(1)), header_v2(0x21, 0x11, ""),
      header_v2(0x21, 0x21, kIpv4), header_v2(0x21, 0x31, std::string(215, '/')),
      header_v2(0x21, 0x11, kIpv4 + std::string(4085, 'x')),
      header_v2(0x20, 0x00, std::string(65535, 'x')));
  const ProxyHeader header = v2(text);
  CHECK(header.status == Status::fault);
  CHECK_FALSE(header.fault.empty());
}

}  // namespace
}  // namespace ficus::proxy
