#include "proxy/http/trailer_fields.h"

#include <array>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

namespace {

// Of fields without a HeaderId.
constexpr std::array<std::string_view, 25> kForbidden{
    "age",
    "authentication-info",
    "content-encoding",
    "content-range",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "strict-transport-security",
    "via",
    "warning",
    "www-authenticate",
    "x-forwarded-port",
    "x-real-ip",
};

}  // namespace

bool may_trail(std::string_view name) {
  // Whatever the proxy looks at in a head, it must have seen there.
  if (header_id(name) != HeaderId::other) return false;
  for (const std::string_view forbidden : kForbidden) {
    if (equals_ignoring_case(name, forbidden)) return false;
  }
  return true;
}

}  // namespace ficus::proxy::http
