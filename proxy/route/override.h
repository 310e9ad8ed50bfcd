#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/net/address.h"
#include "proxy/route/cidr.h"
#include "proxy/route/request_view.h"
#include "proxy/side.h"

namespace ficus::proxy {

// How a trusted client chooses the side of its own request.
struct CompiledOverride {
  std::string header;  // empty: none
  std::string cookie;
  CidrSet from;
  std::string secret;
};

// The side that the request asks for, if it is believed. The header is asked before the cookie.
//   "new" or "legacy"   is believed from an address in `from`;
//   "SIDE.EXPIRY.MAC"   is believed from anywhere if there is a secret, EXPIRY (Unix seconds,
//                       decimal) lies after `unix_now`, and MAC is the lower-case hex of
//                       HMAC-SHA256(secret, "SIDE.EXPIRY"). Compared in constant time.
// Anything else is passed over.
std::optional<Side> override_side(const CompiledOverride& terms, const RequestView& request,
                                  const SocketAddress& client, std::int64_t unix_now);

// The signed value for who may hand out overrides. Empty if OpenSSL fails.
std::string sign_override(Side side, std::int64_t expiry, std::string_view secret);

}  // namespace ficus::proxy
