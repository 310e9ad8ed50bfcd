#include "config/suggestion.h"

#include <algorithm>

#include "config/findings.h"

namespace ficus::config {
namespace {

constexpr std::size_t kLongest = 64;     // longer names get no suggestion
constexpr std::size_t kMostKnown = 200;  // bounds the work for a hostile file

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& known) {
  if (written.empty() || written.size() > kLongest) return {};
  std::size_t nearest = std::max<std::size_t>(1, written.size() / 3) + 1;
  std::string_view best;
  for (std::size_t i = 0; i < std::min(known.size(), kMostKnown); ++i) {
    if (known[i].size() > kLongest) continue;
    const std::size_t distance = edit_distance(written, known[i]);
    if (distance < nearest) {
      nearest = distance;
      best = known[i];
    }
  }
  return best.empty() ? std::string() : "; did you mean " + backquoted(best) + "?";
}

}  // namespace ficus::config
