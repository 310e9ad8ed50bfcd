#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace ficus::config {

// The new side's share of a route: 0 to 10000 basis points. Cannot hold anything else.
class Weight {
 public:
  static constexpr std::uint32_t kFull = 10'000;

  constexpr Weight() = default;

  static constexpr std::optional<Weight> from_basis_points(std::uint32_t value) {
    if (value > kFull) return std::nullopt;
    return Weight(static_cast<std::uint16_t>(value));
  }

  // Percent with up to two decimals; nothing else is accepted.
  static std::optional<Weight> from_percent(double percent) {
    if (!(percent >= 0) || percent > 100) return std::nullopt;
    const double scaled = percent * 100;
    const double rounded = std::round(scaled);
    if (std::abs(scaled - rounded) > 1e-6) return std::nullopt;
    return Weight(static_cast<std::uint16_t>(rounded));
  }

  constexpr std::uint16_t basis_points() const { return basis_points_; }
  constexpr double percent() const { return basis_points_ / 100.0; }
  constexpr double ratio() const { return basis_points_ / 10'000.0; }

  friend constexpr bool operator==(Weight, Weight) = default;
  friend constexpr auto operator<=>(Weight, Weight) = default;

 private:
  explicit constexpr Weight(std::uint16_t value) : basis_points_(value) {}

  std::uint16_t basis_points_ = 0;
};

}  // namespace ficus::config
