#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/cli/demo/view.h"

namespace ficus::control::demo {

// The live lines of the terminal view: never wider than the style says. Pure.
std::vector<std::string> panel(const Live& live, const ViewStyle& style);

// One line for the plain view. Pure.
std::string live_line(const Live& live);

// The text cut to so many columns; escape sequences and UTF-8 continuation bytes take none.
std::string fitted(std::string_view text, std::size_t columns);

// 12345 as "12,345".
std::string grouped(std::uint64_t number);

}  // namespace ficus::control::demo
