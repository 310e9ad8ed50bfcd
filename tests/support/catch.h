#pragma once

#include <string>

// Debian 12 and Ubuntu 24.04 differ in the Catch2 they ship: v2 or v3.
#ifdef FICUS_CATCH3
#include <catch2/catch_all.hpp>
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
namespace {
[[maybe_unused]] inline auto ContainsSubstring(const std::string& text) {
  return Catch::Matchers::Contains(text);
}
}  // namespace
using Catch::Detail::Approx;
#endif
#ifdef FICUS_CATCH3
using Catch::Approx;
#endif
