#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ficus::proxy {

// The two backends of a route. The words users see are "legacy" and "new".
enum class Side : std::uint8_t { legacy = 0, fresh = 1 };

inline constexpr std::size_t kSides = 2;

constexpr Side other(Side side) { return side == Side::legacy ? Side::fresh : Side::legacy; }
constexpr std::size_t index(Side side) { return static_cast<std::size_t>(side); }
constexpr std::string_view text(Side side) { return side == Side::legacy ? "legacy" : "new"; }

constexpr std::optional<Side> side_named(std::string_view name) {
  if (name == text(Side::fresh)) return Side::fresh;
  if (name == text(Side::legacy)) return Side::legacy;
  return std::nullopt;
}

// Why a request went to its side, in the order in which the rules are asked.
enum class SideReason : std::uint8_t {
  only_side,
  override_,
  rollback,
  unhealthy,
  assign,
  pin,
  sticky,
  weight,
  slow_start,
};

constexpr std::string_view text(SideReason reason) {
  constexpr std::array<std::string_view, 9> kText{"only_side", "override", "rollback",
                                                  "unhealthy", "assign",   "pin",
                                                  "sticky",    "weight",   "slow_start"};
  return kText[static_cast<std::size_t>(reason)];
}

}  // namespace ficus::proxy
