#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/findings.h"

namespace ficus::config {

// Refuses what is no YAML text before the YAML parser sees it: too large, not UTF-8, control
// characters, tabs as indentation, nothing at all. Gives the text without a byte order mark, or
// nullopt when it is not worth parsing.
std::optional<std::string_view> check_source_text(std::string_view text, const std::string& file,
                                                  Findings& findings);

}  // namespace ficus::config
