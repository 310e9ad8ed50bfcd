#pragma once

#include <optional>
#include <string>

#include "config/diagnostic.h"
#include "config/model.h"

namespace ficus::config {

// Either a whole Config, or every error that could be found (warnings may come with either).
struct LoadOutcome {
  std::optional<Config> config;
  Diagnostics diagnostics;
};

// Reads the file, its includes and what ${…} names. Never throws for bad input. Any thread.
LoadOutcome load(const std::string& path);

// The same for text already in memory; includes are relative to the folder of `name`.
LoadOutcome load_text(const std::string& text, const std::string& name);

}  // namespace ficus::config
