#include "proxy/downstream/proxy_header.h"

#include <algorithm>
#include <cstring>
#include <netinet/in.h>
#include <optional>

namespace ficus::proxy {
namespace {

using Status = ProxyHeader::Status;

constexpr ProxyHeader kIncomplete{};

ProxyHeader fault(std::string_view rule) {
  ProxyHeader header;
  header.status = Status::fault;
  header.fault = rule;
  return header;
}

ProxyHeader complete(std::size_t size, const SocketAddress& source = {}) {
  ProxyHeader header;
  header.status = Status::complete;
  header.size = size;
  header.source = source;
  return header;
}

// Does `bytes` begin with `prefix`, as far as there are bytes?
bool may_begin_with(std::string_view bytes, std::string_view prefix) {
  const std::size_t size = std::min(bytes.size(), prefix.size());
  return bytes.substr(0, size) == prefix.substr(0, size);
}

// 0 to 65535 without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  std::uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// An address of that family as it is written without brackets.
std::optional<SocketAddress> parse_ip(std::string_view text, sa_family_t family,
                                      std::uint16_t port) {
  if (text.empty() || text.front() == '[') return std::nullopt;
  const bool ipv6 = text.find(':') != std::string_view::npos;
  if (ipv6 != (family == AF_INET6)) return std::nullopt;
  return SocketAddress::parse(text, port);
}

// The fields of a version 1 line behind "PROXY TCP4 " or "PROXY TCP6 ".
ProxyHeader parse_v1_addresses(std::string_view fields, sa_family_t family, std::size_t size) {
  std::string_view parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t space = fields.find(' ');
    if ((space == std::string_view::npos) != (i == 3)) {
      return fault("PROXY line without four fields, one space between them");
    }
    parts[i] = fields.substr(0, space);
    if (i < 3) fields.remove_prefix(space + 1);
  }
  const auto source_port = parse_port(parts[2]);
  if (!source_port || !parse_port(parts[3])) return fault("PROXY line with an invalid port");
  const auto source = parse_ip(parts[0], family, *source_port);
  if (!source || !parse_ip(parts[1], family, 0)) return fault("PROXY line with an invalid address");
  return complete(size, *source);
}

ProxyHeader parse_v1(std::string_view bytes) {
  constexpr std::string_view kBegin = "PROXY ";
  constexpr std::string_view kUnknown = "UNKNOWN";
  constexpr std::string_view kTcp4 = "TCP4 ";
  constexpr std::string_view kTcp6 = "TCP6 ";
  if (!may_begin_with(bytes, kBegin)) return fault("no PROXY line");
  if (bytes.size() < kBegin.size()) return kIncomplete;
  const std::string_view rest = bytes.substr(kBegin.size());
  const bool unknown = may_begin_with(rest, kUnknown);
  if (!unknown && !may_begin_with(rest, kTcp4) && !may_begin_with(rest, kTcp6)) {
    return fault("PROXY line of an unknown protocol");
  }
  const std::string_view readable = bytes.substr(0, kProxyV1Max);
  const std::size_t cr = readable.find_first_of(std::string_view("\r\n\0", 3));
  if (cr == std::string_view::npos) {
    return bytes.size() >= kProxyV1Max ? fault("PROXY line too long") : kIncomplete;
  }
  if (readable[cr] != '\r') return fault("PROXY line that does not end in CRLF");
  if (cr + 1 == readable.size()) {
    return bytes.size() >= kProxyV1Max ? fault("PROXY line too long") : kIncomplete;
  }
  if (readable[cr + 1] != '\n') return fault("PROXY line that does not end in CRLF");
  const std::string_view line = bytes.substr(kBegin.size(), cr - kBegin.size());
  const std::size_t size = cr + 2;
  if (line.starts_with(kUnknown)) {
    // What follows the word is not to be read, but it must be a word of its own.
    if (line.size() > kUnknown.size() && line[kUnknown.size()] != ' ') {
      return fault("PROXY line of an unknown protocol");
    }
    return complete(size);
  }
  if (line.starts_with(kTcp4)) return parse_v1_addresses(line.substr(kTcp4.size()), AF_INET, size);
  if (line.starts_with(kTcp6)) return parse_v1_addresses(line.substr(kTcp6.size()), AF_INET6, size);
  return fault("PROXY line of an unknown protocol");
}

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

SocketAddress ipv4_source(std::string_view addresses) {
  sockaddr_in from{};
  from.sin_family = AF_INET;
  std::memcpy(&from.sin_addr, addresses.data(), 4);
  std::memcpy(&from.sin_port, addresses.data() + 8, 2);
  return {reinterpret_cast<const sockaddr*>(&from), sizeof from};
}

SocketAddress ipv6_source(std::string_view addresses) {
  sockaddr_in6 from{};
  from.sin6_family = AF_INET6;
  std::memcpy(&from.sin6_addr, addresses.data(), 16);
  std::memcpy(&from.sin6_port, addresses.data() + 32, 2);
  return {reinterpret_cast<const sockaddr*>(&from), sizeof from};
}

ProxyHeader parse_v2(std::string_view bytes) {
  constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
  constexpr std::size_t kFixed = 16;
  if (!may_begin_with(bytes, kSignature)) return fault("no PROXY header of version 2");
  if (bytes.size() < 13) return kIncomplete;
  const unsigned version = byte_at(bytes, 12) >> 4;
  const unsigned command = byte_at(bytes, 12) & 15u;
  if (version != 2) return fault("PROXY header of an unknown version");
  if (command > 1) return fault("PROXY header with an unknown command");
  if (bytes.size() < 14) return kIncomplete;
  const unsigned family = byte_at(bytes, 13) >> 4;
  const unsigned transport = byte_at(bytes, 13) & 15u;
  if (family > 3 || transport > 2) return fault("PROXY header with an unknown address family");
  if (bytes.size() < kFixed) return kIncomplete;
  const std::size_t length = byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
  if (kFixed + length > kProxyV2Max) return fault("PROXY header too long");

  // LOCAL is the proxy's own connection; a family that is unspecified, a Unix socket's or not of a
  // stream says nothing about a client either.
  const bool proxied = command == 1 && transport != 0 && family != 0;
  constexpr std::size_t kAddressBytes[] = {0, 12, 36, 216};
  if (proxied && length < kAddressBytes[family]) {
    return fault("PROXY header shorter than its addresses");
  }
  if (bytes.size() < kFixed + length) return kIncomplete;
  const std::string_view addresses = bytes.substr(kFixed, length);
  constexpr unsigned kStream = 1;
  if (proxied && transport == kStream && family == 1) {
    return complete(kFixed + length, ipv4_source(addresses));
  }
  if (proxied && transport == kStream && family == 2) {
    return complete(kFixed + length, ipv6_source(addresses));
  }
  return complete(kFixed + length);
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes, config::ProxyProtocol version) {
  return version == config::ProxyProtocol::v1 ? parse_v1(bytes) : parse_v2(bytes);
}

}  // namespace ficus::proxy
