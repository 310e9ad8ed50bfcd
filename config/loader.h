#pragma once

#include <optional>
#include <string>

#include "config/advice.h"
#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/model.h"

namespace ficus::config {

// Either a whole Config, or every error that could be found (warnings may come with either), in
// the order of the files and lines.
struct LoadOutcome {
  std::optional<Config> config;
  Diagnostics diagnostics;
  Advice advice{};  // what may be wise to change
};

// Reads the file, its includes and what ${…} names. Never throws for bad input. Any thread.
LoadOutcome load(const std::string& path);
LoadOutcome load(const std::string& path, const Environment& environment);

// The same for text already in memory; includes are relative to the folder of `name`.
LoadOutcome load_text(const std::string& text, const std::string& name);
LoadOutcome load_text(const std::string& text, const std::string& name,
                      const Environment& environment);

}  // namespace ficus::config
