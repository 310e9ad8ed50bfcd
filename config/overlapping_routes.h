#pragma once

#include "config/diagnostic.h"
#include "config/reader.h"

namespace ficus::config {

// W05: a route whose path lies under another's (or is the same), both split at different weights,
// without a sticky group that keeps a client's sides in step. Compared with the nearest such route
// only, so that the work grows with the number of routes and the depth of paths.
void warn_of_overlaps(const Draft& draft, Diagnostics& found);

}  // namespace ficus::config
