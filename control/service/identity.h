#pragma once

#include <optional>
#include <string>

#include "config/model.h"

namespace ficus::control {

// Becomes the user and group that the configuration names, for good: groups, group, user, and a
// proof that root cannot be had back. Nothing if it names none, or names who we are. All threads of
// the process change. Gives a sentence with the place and the mend if that is not possible: unknown
// name, or not started as root.
std::optional<std::string> take_identity(const config::Config& config);

}  // namespace ficus::control
