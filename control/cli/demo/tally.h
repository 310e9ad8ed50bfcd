#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ficus::control::demo {

// What the users of one route saw.
struct Tally {
  std::uint64_t legacy = 0;       // whole answers of the legacy shop, whatever their status
  std::uint64_t fresh = 0;        // the same of the new shop
  std::uint64_t failed_gets = 0;  // status of 500 or more, a cut answer, or none
  std::uint64_t failed_posts = 0;
  std::uint64_t requests = 0;

  std::uint64_t failed() const { return failed_gets + failed_posts; }

  friend Tally operator-(const Tally& a, const Tally& b) {
    return {a.legacy - b.legacy, a.fresh - b.fresh, a.failed_gets - b.failed_gets,
            a.failed_posts - b.failed_posts, a.requests - b.requests};
  }
  friend Tally operator+(const Tally& a, const Tally& b) {
    return {a.legacy + b.legacy, a.fresh + b.fresh, a.failed_gets + b.failed_gets,
            a.failed_posts + b.failed_posts, a.requests + b.requests};
  }

  // Percent of the answers that came from the new shop; 0 without any.
  double new_share() const {
    const std::uint64_t both = legacy + fresh;
    return both == 0 ? 0 : 100.0 * static_cast<double>(fresh) / static_cast<double>(both);
  }
};

}  // namespace ficus::control::demo
