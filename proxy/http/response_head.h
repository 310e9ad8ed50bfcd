#pragma once

#include <cstdint>
#include <string_view>

#include "config/model.h"
#include "proxy/http/head_fields.h"
#include "proxy/http/request_head.h"

namespace ficus::proxy::http {

// A response head, judged. Views the bytes it was parsed from, as RequestHead does.
struct ResponseHead {
  const char* base = nullptr;
  std::uint32_t size = 0;  // bytes of the head with its blank line

  int status = 0;                    // 100 to 599
  std::uint8_t minor_version = 1;    // 0 or 1
  Framing framing = Framing::none;   // of what follows the head on this connection
  std::uint64_t content_length = 0;  // of Framing::length
  bool keep_alive = false;           // as far as the head says, the connection may serve again
  bool upgrade = false;              // a 101
  std::uint16_t tolerated = 0;       // the rules that it broke and was forgiven, one bit each

  FieldList fields;

  bool interim() const { return status < 200 && status != 101; }
  std::string_view reason() const { return {base + reason_at, reason_size}; }
  std::string_view name(const Field& field) const {
    return {base + field.name_at, field.name_size};
  }
  std::string_view value(const Field& field) const {
    return {base + field.value_at, field.value_size};
  }
  // The first field of that kind or name, dropped ones included; empty if there is none.
  std::string_view value(HeaderId id) const;
  const Field* find(std::string_view field_name) const;

  void rebase(const char* bytes) { base = bytes; }

  void forgive(MalformedRule rule) {
    tolerated = static_cast<std::uint16_t>(tolerated | 1u << static_cast<unsigned>(rule));
  }

  // Offsets; readers use the functions above.
  std::uint32_t reason_at = 0;
  std::uint32_t reason_size = 0;
};

// Reads one response head from the front of `bytes`: the answer to a request with that method, on
// which its framing depends. As parse_request_head(); every fault is a 502, malformed_response, and
// names its rule. What `tolerance` names is no fault: it is noted in head.tolerated, and the fields
// are as if it had been written right. Where the framing is in doubt nothing is tolerated.
ParseOutcome parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                 Method request_method, ResponseHead& head,
                                 const config::Tolerance& tolerance = {});

}  // namespace ficus::proxy::http
