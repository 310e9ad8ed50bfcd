#pragma once

#include <string_view>

#include "config/advice.h"
#include "config/document.h"

namespace ficus::config {

// Adds the comments `# ficus: allow W07 reason` of a file that was parsed into `document`. One
// concerns the route, backend or listener in whose lines it stands, or above which it stands; above
// or behind another key of the top level, all that is under that key; above the first key, the
// file.
void read_allowances(std::string_view text, const Document& document, Allowances& allowances);

}  // namespace ficus::config
