#pragma once

#include "config/diagnostic.h"
#include "config/reader.h"

namespace ficus::config {

// What a sound configuration does that its author may not want: the warnings whose source is the
// file alone (docs/warnings.md), in no order.
Diagnostics advise(const Draft& draft);

}  // namespace ficus::config
