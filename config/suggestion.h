#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ficus::config {

// "; did you mean `weight`?" if one of the known names is near enough to `written`, else "".
std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& known);

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace ficus::config
