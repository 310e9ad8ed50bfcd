#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ficus::control::demo {

inline constexpr unsigned kDemoWorkers = 2;

struct DemoPorts {
  std::uint16_t legacy = 0;
  std::uint16_t fresh = 0;
};

// The routes of the demo: the same split twice, told apart by the host, without and with fallback.
std::vector<std::string> demo_routes();
std::vector<std::string> demo_hosts();

// The configuration as an operator would write it. Pure.
std::string demo_config(const DemoPorts& ports);

}  // namespace ficus::control::demo
