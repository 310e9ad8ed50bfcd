#pragma once

#include <string_view>

namespace ficus::proxy::http {

// May a field with this name stand in a trailer section and go on? Not those that frame, route,
// authenticate, control caching or describe the content, nor those that the proxy vouches for
// (RFC 9110 §6.5.1).
bool may_trail(std::string_view name);

}  // namespace ficus::proxy::http
