#pragma once

#include <string>

namespace ficus::control {

// `ficus run CONFIG`: serves until SIGTERM or SIGINT, then drains; a second one forces. SIGHUP
// reloads. Returns the exit status. Call it from main's thread, before there are others: it blocks
// these signals for all that it starts.
int run_server(const std::string& config_path);

}  // namespace ficus::control
