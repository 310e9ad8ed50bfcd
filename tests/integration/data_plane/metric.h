#pragma once

#include <string>

#include "tests/support/ficus_process.h"

namespace ficus::tests {

// The present value of one sample of /metrics, by its name and labels; -1 if there is none.
double metric(const FicusProcess& ficus, const std::string& sample);

// Asks until it has that value; throws when it never does.
void wait_for_metric(const FicusProcess& ficus, const std::string& sample, double value);

}  // namespace ficus::tests
