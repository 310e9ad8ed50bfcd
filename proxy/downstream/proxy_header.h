#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/model.h"
#include "proxy/net/address.h"

namespace ficus::proxy {

// What the begin of a connection says about who made it (HAProxy's PROXY protocol, versions 1 and 2
// of 2020/03/05).
struct ProxyHeader {
  enum class Status : std::uint8_t { incomplete, complete, fault };

  Status status = Status::incomplete;
  std::size_t size = 0;      // of the header, once complete
  SocketAddress source{};    // empty: the header names none, and the real peer stays
  std::string_view fault{};  // the rule that was broken; static storage
};

// No header is longer: of version 1 by its definition, of version 2 by a bound of our own on the
// extensions (TLV), which are not read.
inline constexpr std::size_t kProxyV1Max = 107;
inline constexpr std::size_t kProxyV2Max = 16 + 4096;

// Reads a header from the front of `bytes`; `incomplete` asks for the same bytes and more. A fault
// is final. `version` is v1 or v2; a header of the other one is a fault.
ProxyHeader parse_proxy_header(std::string_view bytes, config::ProxyProtocol version);

}  // namespace ficus::proxy
