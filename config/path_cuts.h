#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace ficus::config {

// The path or prefix of a match, a prefix without a slash at its end; "" fits every path. Not for
// a match with a regex.
inline std::string_view path_of(const Match& match) {
  if (match.path) return *match.path;
  std::string_view prefix = match.path_prefix ? *match.path_prefix : std::string_view{};
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix;
}

// The prefixes that fit a path, by whole segments, the longest (the path itself) first, "" last. Of
// an absurdly deep path only the path itself: the work stays bounded.
inline std::vector<std::string_view> path_cuts(std::string_view path) {
  constexpr std::ptrdiff_t kDeepest = 128;
  std::vector<std::string_view> cuts{path};
  if (std::count(path.begin(), path.end(), '/') > kDeepest) return cuts;
  while (!path.empty()) {
    path = path.substr(0, std::min(path.rfind('/'), path.size() - 1));
    cuts.push_back(path);
  }
  return cuts;
}

}  // namespace ficus::config
