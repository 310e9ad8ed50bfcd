#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/back_map.h"
#include "proxy/http/head_buffer.h"
#include "proxy/http/request_head.h"
#include "proxy/http/response_head.h"
#include "proxy/http/rewrite.h"

namespace ficus::proxy::http {

// What the proxy does with one of the fields that tell of the way here.
enum class HopField : std::uint8_t { leave, append_if_present, add };

// What the proxy adds to a request. Views are used during the call only.
struct UpstreamHeadContext {
  std::string_view client_ip;            // of the peer: ends X-Forwarded-For and Forwarded
  std::string_view scheme = "http";      // X-Forwarded-Proto, unless a line of it is kept
  HopField x_forwarded = HopField::add;  // -For, -Proto and -Host: `leave` or `add`
  HopField forwarded = HopField::leave;  // RFC 7239
  std::string_view request_id;           // empty: the client's is sent on (see client_request_id)
  std::string_view traceparent;          // empty: the client's lines are sent on
  bool keep_tracestate = true;           // false if the trace begins here
  std::string_view default_host;         // for HTTP/1.0 without Host
  const Rewrite* rewrite = nullptr;      // for the side that the request goes to; null: none
};

// The client's X-Request-Id if there is exactly one and it is 1 to 128 visible ASCII characters;
// else empty.
std::string_view client_request_id(const RequestHead& head);

// The client's traceparent if there is exactly one; else empty. Not yet judged.
std::string_view client_traceparent(const RequestHead& head);

// Appends the request head as it goes to a backend: rebuilt from what was judged, HTTP/1.1, the
// kept fields in their order and spelling, at most one framing field, then what the proxy adds,
// and the rewrite's fields at the end.
void write_upstream_head(const RequestHead& head, const UpstreamHeadContext& context,
                         HeadBuffer& out);

// How a response goes to the client.
struct DownstreamHeadContext {
  std::uint8_t client_minor_version = 1;
  Framing framing = Framing::none;  // none: no body follows; the backend's lengths (HEAD, 304) stay
  std::uint64_t content_length = 0;  // of Framing::length
  bool close = false;                // the connection ends after this message
  std::string_view set_cookie;       // one more Set-Cookie value; empty: none
  std::string_view set_pin;          // likewise
  BackMap back_map;                  // for what the answer says of places
};

// Appends the response head as it goes to the client, interim ones and 101 included. The caller
// never asks for chunked, 1xx or 101 towards HTTP/1.0 (ARCHITECTURE: rule of HTTP/1.0).
void write_downstream_head(const ResponseHead& head, const DownstreamHeadContext& context,
                           HeadBuffer& out);

}  // namespace ficus::proxy::http
