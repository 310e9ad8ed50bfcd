#pragma once

#include "config/reader.h"

namespace ficus::config {

// Judges the whole: what is missing, contradicts itself, names what is not there, or can never
// match. Each rule reports at the key that breaks it.
void validate(const Draft& draft);

}  // namespace ficus::config
