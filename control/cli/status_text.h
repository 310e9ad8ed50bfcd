#pragma once

#include <string>

namespace ficus::control {

// The admin API's answers (JSON) as text for a terminal; each line begins with `prefix`. Pure.

// One line for a route in order, a block for one that is not.
std::string status_text(const std::string& status, const std::string& prefix);

// A table: file, override and effective share of each route.
std::string routes_text(const std::string& routes, const std::string& prefix);

// What a change came to: "shop 5 % (version 7, 4 of 4 workers)".
std::string change_text(const std::string& answer, const std::string& prefix);

}  // namespace ficus::control
