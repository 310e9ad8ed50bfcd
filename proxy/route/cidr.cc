#include "proxy/route/cidr.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace ficus::proxy {
namespace {

constexpr int kIpBits = 128;
constexpr int kMappedBits = 96;  // an IPv4 address has these in front of its own 32

std::optional<int> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 3) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

CidrSet::Ip CidrSet::ip_of(const SocketAddress& address) {
  const auto bytes = address.ip_bytes();
  Ip result{};
  result[0] = address.family() == AF_INET ? 4 : 6;
  std::copy(bytes.begin(), bytes.end(), result.begin() + 1);
  return result;
}

std::optional<CidrSet::Range> CidrSet::parse_block(const std::string& block) {
  const std::string_view text = block;
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const auto address = SocketAddress::parse(ip, 0);
  if (!address || ip.front() == '[') return std::nullopt;

  int length = kIpBits;
  if (slash != std::string_view::npos) {
    const auto written = parse_length(text.substr(slash + 1));
    if (!written) return std::nullopt;
    const bool ipv4 = ip.find(':') == std::string_view::npos;
    length = ipv4 ? *written + kMappedBits : *written;
    if (length > kIpBits) return std::nullopt;
    // A block of mapped addresses that is wider than all of IPv4 means nothing sensible.
    if (address->family() == AF_INET && length < kMappedBits) return std::nullopt;
  }

  Range range{ip_of(*address), ip_of(*address)};
  for (int bit = length; bit < kIpBits; ++bit) {
    const auto byte = 1 + static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    range.first[byte] = static_cast<std::uint8_t>(range.first[byte] & ~mask);
    range.last[byte] = static_cast<std::uint8_t>(range.last[byte] | mask);
  }
  return range;
}

std::optional<CidrSet> CidrSet::parse(const std::vector<std::string>& blocks) {
  std::vector<Range> ranges;
  for (const std::string& block : blocks) {
    const auto range = parse_block(block);
    if (!range) return std::nullopt;
    ranges.push_back(*range);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& left, const Range& right) { return left.first < right.first; });
  CidrSet result;
  for (const Range& range : ranges) {
    if (!result.ranges_.empty() && range.first <= result.ranges_.back().last) {
      result.ranges_.back().last = std::max(result.ranges_.back().last, range.last);
    } else {
      result.ranges_.push_back(range);
    }
  }
  return result;
}

bool CidrSet::contains(const SocketAddress& address) const {
  if (address.empty() || ranges_.empty()) return false;
  const Ip ip = ip_of(address);
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), ip,
                       [](const Ip& wanted, const Range& range) { return wanted < range.first; });
  return after != ranges_.begin() && ip <= std::prev(after)->last;
}

}  // namespace ficus::proxy
