#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head_buffer.h"
#include "proxy/http/head_fields.h"
#include "proxy/http/rewrite.h"

namespace ficus::proxy::http {

// What it takes to bring the places that an answer names back to what the client knows. Views are
// used during the call only.
struct BackMap {
  const Rewrite* rewrite = nullptr;  // of the side that answered; null: nothing is mapped
  std::string_view client_scheme = "http";
  std::string_view client_host;  // with its port, as the client wrote it; empty: it wrote none
  std::string_view endpoint_scheme = "http";
  std::string_view endpoint;  // host and port of the server that answered

  bool is_needed() const { return rewrite != nullptr && rewrite->changes_places(); }
};

// The fields that name places.
enum class PlaceField : std::uint8_t { none, reference, refresh, cookie };

// Location and Content-Location, Refresh, Set-Cookie.
PlaceField place_field(HeaderId id, std::string_view name);

// Appends the field's value as the client is to get it. What names no place of the backend, or does
// not have the form that it should have, is appended as it is, byte for byte.
//
// References: an absolute one whose authority is the host that was sent or the endpoint's own gets
// the client's scheme and host; a scheme that is not the endpoint's stays, because it is a redirect
// from one scheme to the other. In these, and in references that begin with one '/', a path under
// the side's prefix gets the client's prefix; what began with one '/' leads to no other host than
// the client's, whatever the path. Others are relative to the request and stay.
// Cookies: Domain, if it names the backend's host, becomes the client's, or goes if it could not
// hold there; Path is mapped as above, unless the cookie's name demands "/" (__Host-).
void append_mapped(PlaceField kind, std::string_view value, const BackMap& map, HeadBuffer& out);

}  // namespace ficus::proxy::http
