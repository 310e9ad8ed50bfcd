#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/units.h"

namespace re2 {
class RE2;
}

// Regexes, in the syntax of RE2: linear in the text, whatever the pattern; no lookaround, no
// backreferences. They work on bytes, so that no text is outside what `.` fits.
namespace ficus::config {

inline constexpr std::size_t kMaxPatternBytes = 4 * 1024;
// Of one compiled regex with all that it learns while it is used. Past it, RE2 matches slower.
inline constexpr std::int64_t kMaxPatternMemory = 1024 * 1024;

// Null if the text is no regex, or a larger one than permitted.
std::unique_ptr<re2::RE2> compile_pattern(std::string_view text);

// Of a whole path. Refuses one that fits no path, because all of them begin with '/'.
Parsed<std::string> parse_path_pattern(std::string_view text);

// "~REGEX" of a header's value, found anywhere in it. The value is the regex.
Parsed<std::string> parse_value_pattern(std::string_view text);

}  // namespace ficus::config
