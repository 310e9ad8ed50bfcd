#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.h"

namespace ficus::config {

struct Substitution {
  std::string text;                   // with the values in place
  bool replaced = false;              // something outside the file went in: never print the text
  std::vector<std::string> problems;  // "${HOME_DIR}: the variable is not set; …"
};

// Replaces ${NAME}, ${NAME:-default} and ${file:/path} (without a trailing newline); $${ is a
// literal ${. What was put in is not looked at again.
Substitution substitute(std::string_view text, const Environment& environment);

// Most bytes of a ${file:…}.
inline constexpr std::size_t kMaxValueFile = 64 * 1024;

}  // namespace ficus::config
