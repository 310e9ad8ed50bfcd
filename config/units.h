#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ficus::config {

// A value, or what is wrong with the text. The problem continues a sentence that begins with the
// text ("has no unit; …") and never repeats it, because the text may hold a secret.
template <class T>
struct Parsed {
  std::optional<T> value;
  std::string problem;
};

template <class T>
Parsed<T> failed(std::string problem) {
  return {std::nullopt, std::move(problem)};
}

// "250ms", "5s", "10m", "1h": a whole number and a unit.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
// "512B", "256KiB", "4MiB", "1GiB", in bytes.
Parsed<std::uint64_t> parse_size(std::string_view text);
// "5", "0.25": percent with up to two decimals, in basis points (hundredths of a percent).
Parsed<std::int64_t> parse_percent(std::string_view text);
// A whole number that is not negative.
Parsed<std::int64_t> parse_integer(std::string_view text);
// true or false.
Parsed<bool> parse_boolean(std::string_view text);

// The largest unit that divides the value: "1h", "90s", "0s".
std::string format_duration(std::chrono::milliseconds value);
std::string format_size(std::uint64_t bytes);
// From basis points: "5", "0.25".
std::string format_percent(std::int64_t basis_points);

}  // namespace ficus::config
