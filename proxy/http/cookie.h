#pragma once

#include <optional>
#include <string_view>

#include "proxy/http/request_head.h"

namespace ficus::proxy::http {

// The value of the first cookie with this name (case counts, RFC 6265 §5.2) in one Cookie field
// value, without surrounding white space or quotes; nothing if there is none.
std::optional<std::string_view> find_cookie(std::string_view cookie_field, std::string_view name);

// The same over all Cookie lines of a request.
std::optional<std::string_view> find_cookie(const RequestHead& head, std::string_view name);

}  // namespace ficus::proxy::http
