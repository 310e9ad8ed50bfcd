#include "proxy/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <type_traits>

#include "proxy/net/ip_text.h"
#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

TEST_CASE("an address parses literals and gives them back", "[address]") {
  struct Row {
    const char* literal;
    const char* ip;
    const char* text;
    int family;
  };
  const Row row = GENERATE(Row{"192.0.2.1", "192.0.2.1", "192.0.2.1:80", AF_INET},
                           Row{"2001:DB8::0:1", "2001:db8::1", "[2001:db8::1]:80", AF_INET6},
                           Row{"[::1]", "::1", "[::1]:80", AF_INET6},
                           Row{"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:80", AF_INET},
                           Row{"::", "::", "[::]:80", AF_INET6},
                           Row{"0.0.0.0", "0.0.0.0", "0.0.0.0:80", AF_INET});
  CAPTURE(row.literal);
  const auto address = SocketAddress::parse(row.literal, 80);
  REQUIRE(address);
  CHECK(address->ip_text() == row.ip);
  CHECK(address->text() == row.text);
  CHECK(address->family() == row.family);
  CHECK(address->port() == 80);
}

TEST_CASE("an address takes no names and no malformed literals", "[address]") {
  const std::string text =
      GENERATE("", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1:80", "1.2.3.4 ", " 1.2.3.4",
               "[1.2.3.4]", "[::1", "::1]", "[]", "[", ":::", "1::2::3", "fe80::1%eth0", "0x7f.1",
               "2130706433", "1111:2222:3333:4444:5555:6666:7777:8888:9999",
               "::ffff:1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17");
  CAPTURE(text);
  CHECK_FALSE(SocketAddress::parse(text, 80));
  CHECK_FALSE(SocketAddress::parse(std::string_view("1.2.3.4\0", 8), 80));
}

TEST_CASE("an IPv4 client of a dual-stack socket is the IPv4 client", "[address]") {
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(1234);
  REQUIRE(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.sin6_addr) == 1);
  const SocketAddress address(reinterpret_cast<const sockaddr*>(&mapped), sizeof(mapped));
  CHECK(address.family() == AF_INET);
  CHECK(address.text() == "192.0.2.1:1234");
  CHECK(address == SocketAddress::parse("192.0.2.1", 1234).value());
  CHECK(address.length() == sizeof(sockaddr_in));
}

TEST_CASE("the hash of an IP ignores the port", "[address]") {
  const auto one = SocketAddress::parse("192.0.2.1", 1).value();
  const auto two = SocketAddress::parse("192.0.2.1", 2).value();
  CHECK_FALSE(one == two);
  CHECK(one.ip_hash() == two.ip_hash());
  CHECK(one.ip_hash() != SocketAddress::parse("192.0.2.2", 1).value().ip_hash());
}

TEST_CASE("the text of an IP fits without the heap, the longest too", "[address]") {
  static_assert(std::is_trivially_copyable_v<IpText>);  // it owns nothing
  for (const char* literal :
       {"192.0.2.1", "255.255.255.255", "::", "::ffff:192.0.2.1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:1:2:3:4:255.255.255.255"}) {
    CAPTURE(literal);
    const auto address = SocketAddress::parse(literal, 80);
    REQUIRE(address);
    CHECK_FALSE(IpText(*address).view().empty());
    CHECK(IpText(*address).view() == address->ip_text());
    CHECK(SocketAddress::parse(IpText(*address).view(), 80) == address);
  }
  CHECK(IpText(*SocketAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", 1)).view() ==
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0");
  CHECK(IpText(SocketAddress()).view().empty());
  CHECK(IpText(SocketAddress::unix_path("/run/shop.sock")).view().empty());
}

TEST_CASE("an address of another family or a cut one is empty", "[address]") {
  sockaddr_in whole{};
  whole.sin_family = AF_INET;
  const auto* raw = reinterpret_cast<const sockaddr*>(&whole);
  CHECK_FALSE(SocketAddress(raw, sizeof(whole)).empty());
  for (socklen_t length = 0; length < sizeof(whole); ++length) {
    CHECK(SocketAddress(raw, length).empty());
  }
  whole.sin_family = AF_UNIX;
  const SocketAddress other(raw, sizeof(whole));
  CHECK(other.empty());
  CHECK(other.text().empty());
  CHECK(other.ip_text().empty());
  CHECK(other.port() == 0);
}

}  // namespace
}  // namespace ficus::proxy

TEST_CASE("a Unix socket is its path and has no IP") {
  const auto address = ficus::proxy::SocketAddress::unix_path("/run/shop.sock");
  CHECK(address.family() == AF_UNIX);
  CHECK(address.text() == "unix:/run/shop.sock");
  CHECK(address.ip_text().empty());
  CHECK(address.port() == 0);
  CHECK(address == ficus::proxy::SocketAddress::unix_path("/run/shop.sock"));
  CHECK_FALSE(address == ficus::proxy::SocketAddress::unix_path("/run/other.sock"));
  CHECK_FALSE(address.empty());
  CHECK(ficus::proxy::SocketAddress::unix_path(std::string(107, 'a')).length() > 0);
  CHECK(ficus::proxy::SocketAddress::unix_path(std::string(108, 'a')).empty());
  // What a Unix listener would accept says nothing about a client.
  CHECK(ficus::proxy::SocketAddress(address.data(), address.length()).empty());
}
