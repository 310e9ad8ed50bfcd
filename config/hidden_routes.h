#pragma once

#include "config/diagnostic.h"
#include "config/reader.h"

namespace ficus::config {

// An error for each route whose every request goes to routes that are tried before it. The order is
// that of proxy/route/route_matcher.h. Says nothing where that cannot be known for sure.
void every_route_can_match(const Draft& draft);

// W17: the routes that lose a part of what they fit in a way that their text does not show.
void warn_of_hidden_parts(const Draft& draft, Diagnostics& found);

}  // namespace ficus::config
