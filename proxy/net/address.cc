#include "proxy/net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/un.h>

#include "proxy/net/ip_text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ficus::proxy {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const in6_addr& ip) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.s6_addr);
}

sockaddr_in unmapped(const sockaddr_in6& address) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = address.sin6_port;
  std::memcpy(&result.sin_addr, address.sin6_addr.s6_addr + kMappedPrefix.size(),
              sizeof(result.sin_addr));
  return result;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length) {
  if (length < sizeof(sa_family_t)) return;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    length_ = sizeof(sockaddr_in);
    std::memcpy(&storage_, address, length_);
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, address, sizeof(ipv6));
    if (is_mapped(ipv6.sin6_addr)) {
      const sockaddr_in ipv4 = unmapped(ipv6);
      length_ = sizeof(ipv4);
      std::memcpy(&storage_, &ipv4, length_);
    } else {
      length_ = sizeof(ipv6);
      std::memcpy(&storage_, &ipv6, length_);
    }
  }
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view ip, std::uint16_t port) {
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
    if (ip.find(':') == std::string_view::npos) return std::nullopt;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip.size() >= text.size() || ip.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(ip.begin(), ip.end(), text.begin());

  sockaddr_in ipv4{};
  if (inet_pton(AF_INET, text.data(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ipv4), sizeof(ipv4));
  }
  sockaddr_in6 ipv6{};
  if (inet_pton(AF_INET6, text.data(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ipv6), sizeof(ipv6));
  }
  return std::nullopt;
}

SocketAddress SocketAddress::unix_path(std::string_view path) {
  SocketAddress result;
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return result;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  result.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  static_assert(sizeof(address) <= sizeof(result.storage_));
  std::memcpy(&result.storage_, &address, sizeof(address));
  return result;
}

std::uint16_t SocketAddress::port() const {
  if (empty() || family() == AF_UNIX) return 0;
  // The port lies at the same place in both families.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &storage_, sizeof(ipv4));
  return ntohs(ipv4.sin_port);
}

std::string SocketAddress::text() const {
  if (empty()) return {};
  if (family() == AF_UNIX) {
    return std::string("unix:") +
           (reinterpret_cast<const char*>(&storage_) + offsetof(sockaddr_un, sun_path));
  }
  const std::string ip = ip_text();
  const bool ipv6 = family() == AF_INET6;
  return (ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port());
}

std::string SocketAddress::ip_text() const { return std::string(IpText(*this).view()); }

std::array<std::uint8_t, 16> SocketAddress::ip_bytes() const {
  std::array<std::uint8_t, 16> result{};
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&storage_);
  if (family() == AF_INET) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.begin());
    std::memcpy(result.data() + kMappedPrefix.size(), raw + offsetof(sockaddr_in, sin_addr), 4);
  } else if (family() == AF_INET6) {
    std::memcpy(result.data(), raw + offsetof(sockaddr_in6, sin6_addr), 16);
  }
  return result;
}

std::uint64_t SocketAddress::ip_hash() const {
  const std::array<std::uint8_t, 16> bytes = ip_bytes();
  return XXH3_64bits(bytes.data(), bytes.size());
}

bool operator==(const SocketAddress& left, const SocketAddress& right) {
  if (left.family() == AF_UNIX && right.family() == AF_UNIX) return left.text() == right.text();
  return left.family() == right.family() && left.port() == right.port() &&
         left.ip_bytes() == right.ip_bytes();
}

}  // namespace ficus::proxy
