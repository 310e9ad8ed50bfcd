#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/net/address.h"

namespace ficus::proxy {

// A set of IP addresses given as blocks: "10.0.0.0/8", "2001:db8::/32", or one address without a
// length. Bits behind the prefix length are ignored. An IPv4 block never holds IPv6 addresses and
// the other way round; a block of mapped addresses (::ffff:10.0.0.0/104) is the IPv4 block.
// Immutable; any thread. Membership is a binary search and allocates nothing.
class CidrSet {
 public:
  CidrSet() = default;  // holds no address

  // Nothing if any entry is malformed.
  static std::optional<CidrSet> parse(const std::vector<std::string>& blocks);

  bool contains(const SocketAddress& address) const;
  bool empty() const { return ranges_.empty(); }

 private:
  // The family, then the address in network order: compares like a number, families apart.
  using Ip = std::array<std::uint8_t, 17>;
  struct Range {
    Ip first;
    Ip last;
  };

  static Ip ip_of(const SocketAddress& address);
  static std::optional<Range> parse_block(const std::string& block);

  std::vector<Range> ranges_;  // sorted, disjoint
};

}  // namespace ficus::proxy
