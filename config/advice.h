#pragma once

#include <string>
#include <vector>

#include "config/diagnostic.h"

namespace ficus::config {

// A comment `# ficus: allow W07 reason`: this warning is known and accepted, here.
struct Allowance {
  Location at;  // of the comment
  std::string code;
  std::string scope;  // key whose warnings are meant: "routes[2]", "backends.new"; "": the file
};

struct Allowances {
  std::vector<Allowance> list;
  Diagnostics faults;  // comments that look like one and are none
};

// What a load has to say about a configuration that is sound. A value; any thread.
struct Advice {
  Diagnostics warnings;  // from the files alone, the allowed ones too
  Allowances allowances;
  std::vector<std::string> files;  // in the order of reading
};

inline constexpr std::size_t kMostWarnings = 1000;

// What is left to say: the warnings of `advice` and `more` (those found outside the files) that no
// comment allows, the faults of comments (errors), and a warning for each comment that allows
// what is not there. Each once, in the order of the files and lines; at most kMostWarnings.
Diagnostics unallowed(const Advice& advice, Diagnostics more = {});

}  // namespace ficus::config
