#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ficus::loadtests {

// Latencies in nanoseconds in log-linear buckets, 64 a doubling: 1.6 % wide, up to 18 minutes.
class LatencyRecorder {
 public:
  void record(std::uint64_t nanoseconds) {
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
    if (nanoseconds > maximum_) maximum_ = nanoseconds;
  }

  // Upper end of the bucket below which `share` (0 to 1) of the latencies lie; 0 without any.
  std::uint64_t quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return upper_bound(i) < maximum_ ? upper_bound(i) : maximum_;
    }
    return maximum_;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t maximum() const { return maximum_; }

 private:
  static constexpr unsigned kSubBits = 6;
  static constexpr unsigned kTopBit = 40;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (1u << kSubBits)) return static_cast<std::size_t>(value);
    const auto bit = static_cast<unsigned>(std::bit_width(value)) - 1;
    if (bit >= kTopBit) return kBuckets - 1;
    return (static_cast<std::size_t>(bit - kSubBits + 1) << kSubBits) +
           ((value >> (bit - kSubBits)) & ((1u << kSubBits) - 1));
  }

  static std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < (1u << kSubBits)) return bucket;
    const std::size_t octave = (bucket >> kSubBits) - 1;
    const std::uint64_t sub = bucket & ((1u << kSubBits) - 1);
    return (((std::uint64_t{1} << kSubBits) + sub + 1) << octave) - 1;
  }

  static constexpr std::size_t kBuckets = std::size_t{kTopBit - kSubBits + 1} << kSubBits;

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t maximum_ = 0;
};

}  // namespace ficus::loadtests
