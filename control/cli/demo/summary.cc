#include "control/cli/demo/summary.h"

#include <array>
#include <cstdio>

namespace ficus::control::demo {

std::vector<std::string> break_table(const std::vector<BreakOutcome>& breaks) {
  std::vector<std::string> lines;
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "  %-22s %-12s %s", "the new shop", "rolled back",
                "users saw fail: no fallback / with: GET, POST");
  lines.emplace_back(line.data());
  for (const BreakOutcome& one : breaks) {
    std::snprintf(line.data(), line.size(), "  %-22s %8.2f s   %15llu / %llu, %llu",
                  text(one.condition).c_str(), one.seconds,
                  static_cast<unsigned long long>(one.without_fallback.failed()),
                  static_cast<unsigned long long>(one.with_fallback.failed_gets),
                  static_cast<unsigned long long>(one.with_fallback.failed_posts));
    lines.emplace_back(line.data());
  }
  return lines;
}

std::vector<std::string> verdict(const std::vector<Claim>& claims) {
  std::vector<std::string> lines;
  for (const Claim& claim : claims) {
    if (!claim.held) lines.push_back("did not hold: " + claim.sentence);
  }
  if (lines.empty()) lines.push_back("all " + std::to_string(claims.size()) + " claims held");
  return lines;
}

}  // namespace ficus::control::demo
