#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.h"
#include "config/model.h"

namespace ficus::config {

// The rules that concern one route alone, and the backends that it names.
void validate_route(const Cursor& cursor, const Route& route,
                    const std::vector<std::string_view>& backends);

// The same for what stands in `defaults`.
void validate_defaults(const Cursor& defaults);

// One text for each host (or one for any host) that two routes share exactly if they compete for
// the same requests with the same rank, so that the earlier always wins.
std::vector<std::string> match_keys(const Match& match);

}  // namespace ficus::config
