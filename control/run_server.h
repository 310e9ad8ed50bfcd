#pragma once

#include <string>

namespace ficus::control {

// `ficus run CONFIG`: serves until SIGTERM or SIGINT, then drains; a second one forces. SIGHUP
// reloads. Returns the exit status: of a start that fails, 2 if the same configuration would fail
// again and 1 if it may do next time. Call it from main's thread, before there are others: it
// blocks these signals for all that it starts.
int run_server(const std::string& config_path);

}  // namespace ficus::control
