#pragma once

#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"

namespace ficus::control {

struct ProbeReport {
  std::vector<std::string> lines;  // what was asked and answered, one a line
  config::Diagnostics problems;    // warnings: what would go wrong
};

// Sends one safe request to every endpoint (GET of the health check's path, else HEAD of /), and
// for every route with both sides a GET to each of them, whose status and media type are compared.
// Several at a time; bounded to about half a minute and kMostProbedRoutes routes. Blocks.
ProbeReport probe(const config::Config& config);

inline constexpr std::size_t kMostProbedRoutes = 100;

}  // namespace ficus::control
