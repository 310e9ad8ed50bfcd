#include "proxy/net/ip_text.h"

#include <arpa/inet.h>
#include <cstdint>
#include <cstring>

namespace ficus::proxy {
namespace {

constexpr std::size_t kMappedPrefix = 12;  // bytes before an IPv4 address in its mapped form

}  // namespace

IpText::IpText(const SocketAddress& address) {
  const int family = address.family();
  if (address.empty() || (family != AF_INET && family != AF_INET6)) return;
  const std::array<std::uint8_t, 16> bytes = address.ip_bytes();
  const std::uint8_t* ip = bytes.data() + (family == AF_INET ? kMappedPrefix : 0);
  if (inet_ntop(family, ip, text_.data(), static_cast<socklen_t>(text_.size())) == nullptr) return;
  size_ = std::strlen(text_.data());
}

}  // namespace ficus::proxy
