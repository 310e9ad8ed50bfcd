#include "config/units.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ficus::config {
namespace {

constexpr std::size_t kMaxDigits = 12;  // far beyond every range, and cannot overflow a product

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array kDurationUnits{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                    Unit{"ms", 1}};
constexpr std::array kSizeUnits{Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10},
                                Unit{"B", 1}};

constexpr std::string_view kDuration =
    "a duration is a whole number with ms, s, m or h, such as 250ms or 10s";
constexpr std::string_view kSize =
    "a size is a whole number with B, KiB, MiB or GiB, such as 64KiB";
constexpr std::string_view kPercent =
    "a share is a number of percent with up to two decimals, such as 5 or 0.25";

std::string sentence(std::string_view problem, std::string_view rule) {
  return std::string(problem) + "; " + std::string(rule);
}

std::string_view leading_digits(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::int64_t to_number(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

template <std::size_t N>
Parsed<std::int64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units,
                                     std::string_view rule) {
  using Result = Parsed<std::int64_t>;
  if (text.empty()) return failed<std::int64_t>(sentence("is empty", rule));
  const std::string_view digits = leading_digits(text);
  const std::string_view rest = text.substr(digits.size());
  if (digits.empty()) return failed<std::int64_t>(sentence("does not begin with a number", rule));
  if (digits.size() > kMaxDigits) return failed<std::int64_t>(sentence("is too large", rule));
  if (rest.empty()) return failed<std::int64_t>(sentence("has no unit", rule));
  if (rest.front() == '.') return failed<std::int64_t>(sentence("has decimals", rule));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == rest; });
  if (unit == units.end()) return failed<std::int64_t>(sentence("has an unknown unit", rule));
  return Result{to_number(digits) * unit->factor, {}};
}

template <std::size_t N>
std::string format_with_unit(std::int64_t value, const std::array<Unit, N>& units,
                             std::string_view zero) {
  if (value == 0) return std::string(zero);
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& u) { return value % u.factor == 0; });
  return std::to_string(value / unit->factor) + std::string(unit->name);
}

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  Parsed<std::int64_t> parsed = parse_with_unit(text, kDurationUnits, kDuration);
  if (!parsed.value) return failed<std::chrono::milliseconds>(std::move(parsed.problem));
  return {std::chrono::milliseconds(*parsed.value), {}};
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  Parsed<std::int64_t> parsed = parse_with_unit(text, kSizeUnits, kSize);
  if (!parsed.value) return failed<std::uint64_t>(std::move(parsed.problem));
  return {static_cast<std::uint64_t>(*parsed.value), {}};
}

Parsed<std::int64_t> parse_percent(std::string_view text) {
  if (text.ends_with('%')) {
    return failed<std::int64_t>("has a percent sign; write the number alone, it is in percent");
  }
  if (text.starts_with('-')) return failed<std::int64_t>(sentence("is negative", kPercent));
  const std::string_view whole = leading_digits(text);
  if (whole.empty() || whole.size() > kMaxDigits) {
    return failed<std::int64_t>(sentence("is not a number of percent", kPercent));
  }
  std::int64_t value = to_number(whole) * 100;
  const std::string_view rest = text.substr(whole.size());
  if (rest.empty()) return {value, {}};
  const std::string_view decimals = leading_digits(rest.substr(1));
  if (rest.front() != '.' || decimals.empty() || decimals.size() != rest.size() - 1) {
    return failed<std::int64_t>(sentence("is not a number of percent", kPercent));
  }
  if (decimals.size() > 2) {
    return failed<std::int64_t>(sentence("has more than two decimals", kPercent));
  }
  value += to_number(decimals) * (decimals.size() == 1 ? 10 : 1);
  return {value, {}};
}

Parsed<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view digits = leading_digits(text);
  if (digits.empty() || digits.size() != text.size() || digits.size() > kMaxDigits) {
    return failed<std::int64_t>("is not a whole number");
  }
  return {to_number(digits), {}};
}

Parsed<bool> parse_boolean(std::string_view text) {
  if (text == "true") return {true, {}};
  if (text == "false") return {false, {}};
  return failed<bool>("is neither true nor false");
}

std::string format_duration(std::chrono::milliseconds value) {
  return format_with_unit(value.count(), kDurationUnits, "0s");
}

std::string format_size(std::uint64_t bytes) {
  return format_with_unit(static_cast<std::int64_t>(bytes), kSizeUnits, "0B");
}

std::string format_percent(std::int64_t basis_points) {
  std::string text = std::to_string(basis_points / 100);
  const std::int64_t hundredths = basis_points % 100;
  if (hundredths == 0) return text;
  text += '.';
  text += static_cast<char>('0' + hundredths / 10);
  if (hundredths % 10 != 0) text += static_cast<char>('0' + hundredths % 10);
  return text;
}

}  // namespace ficus::config
