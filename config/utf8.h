#pragma once

#include <cstddef>
#include <string_view>

namespace ficus::config {

// Length of the UTF-8 sequence at the front of a text that is not empty (RFC 3629: no overlong
// forms, no surrogates), or 0.
std::size_t utf8_sequence(std::string_view text);

}  // namespace ficus::config
