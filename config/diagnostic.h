#pragma once

#include <string>
#include <vector>

#include "config/model.h"

namespace ficus::config {

enum class Severity { error, warning };

// One finding about a configuration: where, which key, what is wrong and what is allowed.
struct Diagnostic {
  Severity severity = Severity::error;
  Location at;
  std::string key;      // dotted: "routes[2].guard.max_error_rate"
  std::string message;  // a sentence without the location
  std::string code{};   // of a warning that has a page in docs/warnings.md: "W05"

  // "shop.yaml:12:5: routes[0].weight: 120 is more than 100; a share is 0 to 100 percent"
  // "shop.yaml:12:5: warning W01: routes[0].guard: …"
  std::string text() const;
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace ficus::config
