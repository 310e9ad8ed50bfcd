#pragma once

#include <optional>
#include <string_view>

namespace ficus::proxy::http {

// The value, not decoded, of the first parameter with exactly this name in "a=1&b=2"; empty if it
// has no '='; nothing if there is none. A name that is percent-encoded in the query does not match.
std::optional<std::string_view> find_query_parameter(std::string_view query, std::string_view name);

}  // namespace ficus::proxy::http
