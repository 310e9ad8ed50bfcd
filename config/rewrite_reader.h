#pragma once

#include <optional>

#include "config/cursor.h"
#include "config/model.h"

namespace ficus::config {

// `rewrite.legacy` or `rewrite.new` of a route. Left as it is if there is none.
void read_rewrite(const Cursor& cursor, std::optional<Rewrite>& rewrite);

// The rules of a route's `rewrite`.
void validate_rewrite(const Cursor& route);

}  // namespace ficus::config
