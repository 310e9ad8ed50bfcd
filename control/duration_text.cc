#include "control/duration_text.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace ficus::control {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::array<Unit, 5> kUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t kLongest = 365 * kUnits[0].milliseconds;

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number <= 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    if (number > kLongest / known.milliseconds) return std::nullopt;
    return std::chrono::milliseconds(number * known.milliseconds);
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds duration) {
  std::int64_t left = duration.count();
  if (left < 1'000) return std::to_string(left) + "ms";
  std::string result;
  int parts = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = left / unit.milliseconds;
    if (unit.milliseconds < 1'000 || parts == 2) break;
    if (count == 0 && parts == 0) continue;
    ++parts;
    left -= count * unit.milliseconds;
    if (count != 0)
      result += (result.empty() ? "" : " ") + std::to_string(count) + std::string(unit.name);
  }
  return result;
}

}  // namespace ficus::control
