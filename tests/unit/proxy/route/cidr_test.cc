#include "proxy/route/cidr.h"

#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

TEST_CASE("a CIDR set holds the addresses of its blocks", "[cidr]") {
  const auto set = CidrSet::parse({"10.0.0.0/8", "192.0.2.7", "198.51.100.128/25", "2001:db8::/32",
                                   "2001:db9::1", "10.1.0.0/16"});
  REQUIRE(set);
  for (const char* ip :
       {"10.0.0.0", "10.255.255.255", "10.1.2.3", "192.0.2.7", "198.51.100.128", "198.51.100.255",
        "2001:db8::", "2001:db8:ffff::1", "2001:db9::1", "::ffff:10.0.0.1"}) {
    CAPTURE(ip);
    CHECK(set->contains(client_at(ip)));
  }
  for (const char* ip : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "198.51.100.127",
                         "2001:db7::", "2001:db9::", "2001:db9::2", "::1"}) {
    CAPTURE(ip);
    CHECK_FALSE(set->contains(client_at(ip)));
  }
}

TEST_CASE("a CIDR set keeps the families apart", "[cidr]") {
  const auto all_ipv6 = CidrSet::parse({"::/0"});
  CHECK(all_ipv6->contains(client_at("2001:db8::1")));
  CHECK_FALSE(all_ipv6->contains(client_at("192.0.2.1")));

  const auto all_ipv4 = CidrSet::parse({"0.0.0.0/0"});
  CHECK(all_ipv4->contains(client_at("255.255.255.255")));
  CHECK_FALSE(all_ipv4->contains(client_at("::1")));

  const auto both = CidrSet::parse({"::/0", "10.0.0.0/8"});
  CHECK(both->contains(client_at("10.0.0.1")));
  CHECK_FALSE(both->contains(client_at("11.0.0.1")));

  const auto mapped = CidrSet::parse({"::ffff:10.0.0.0/104"});
  CHECK(mapped->contains(client_at("10.200.0.1")));
  CHECK_FALSE(mapped->contains(client_at("11.0.0.1")));
}

TEST_CASE("a CIDR set ignores the bits behind the length", "[cidr]") {
  const auto set = CidrSet::parse({"10.1.2.3/8"});
  CHECK(set->contains(client_at("10.0.0.0")));
}

TEST_CASE("an empty CIDR set holds nothing, and nobody without an address is in any", "[cidr]") {
  CHECK_FALSE(CidrSet().contains(client_at("10.0.0.1")));
  CHECK(CidrSet::parse({})->empty());
  CHECK_FALSE(CidrSet::parse({"0.0.0.0/0", "::/0"})->contains(SocketAddress()));
}

TEST_CASE("a malformed block is refused", "[cidr]") {
  const std::string block =
      GENERATE("", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
               "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0/8", "::/129", "::/1000", "[::1]/128",
               "example.com", "::ffff:10.0.0.0/95", "10.0.0.0/99999999999999999999");
  CAPTURE(block);
  CHECK_FALSE(CidrSet::parse({block}));
  CHECK_FALSE(CidrSet::parse({"10.0.0.0/8", block}));
}

}  // namespace
}  // namespace ficus::proxy
