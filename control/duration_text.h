#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ficus::control {

// "250ms", "10s", "5m", "2h", "7d": a whole number above 0 and a unit, at most 365 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The largest two units: "1h 5m", "29m 59s", "250ms".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace ficus::control
