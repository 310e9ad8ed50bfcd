#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// What the Connection lines of a head say (RFC 9110 §7.6.1).
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  std::string_view detail{};  // of a fault; static storage
};

// Reads the Connection lines and marks as dropped: themselves, the fields that they list, and the
// hop-by-hop fields of old (Keep-Alive, Proxy-Connection, TE, Upgrade, HTTP2-Settings). Never
// dropped for being listed: framing fields, Host, Expect, and fields that the proxy itself adds.
ConnectionOptions apply_connection_options(const char* base, FieldList& fields);

// May the connection serve another exchange (RFC 9112 §9.3)?
bool persists(const ConnectionOptions& options, std::uint8_t minor_version);

}  // namespace ficus::proxy::http
