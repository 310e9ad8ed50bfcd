#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ficus::proxy::http {

// The begin of a message's head as it may be shown to people: at most `size` bytes of `head`, with
// what may be secret or personal masked. The values of fields that carry credentials or cookies
// become "***"; elsewhere digits become '#' and words of 16 characters and more become "***". Left
// alone: the start line, the fields that frame the message, line ends. Bytes outside ASCII become
// '?'. The head may be malformed.
std::string redacted_head(std::string_view head, std::size_t size);

}  // namespace ficus::proxy::http
