#pragma once

#include <string>
#include <vector>

#include "control/cli/demo/director.h"

namespace ficus::control::demo {

// The table at the end: one line a break. Pure.
std::vector<std::string> break_table(const std::vector<BreakOutcome>& breaks);

// Did everything hold? One line, or the sentences that did not. Pure.
std::vector<std::string> verdict(const std::vector<Claim>& claims);

}  // namespace ficus::control::demo
