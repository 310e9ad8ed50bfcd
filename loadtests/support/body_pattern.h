#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ficus::loadtests {

// A body whose every byte follows from its offset, so that a lost, doubled or moved byte is seen.
class BodyPattern {
 public:
  static constexpr std::size_t kPeriod = 65'521;  // prime: no buffer size divides it

  BodyPattern() {
    std::uint32_t state = 0x9e3779b9;
    text_.reserve(kPeriod + kWindow);
    for (std::size_t i = 0; i < kPeriod; ++i) {
      state = state * 1'664'525u + 1'013'904'223u;
      text_.push_back(static_cast<char>('a' + (state >> 24) % 26));
    }
    while (text_.size() < kPeriod + kWindow) text_.push_back(text_[text_.size() - kPeriod]);
  }

  // At most `size` bytes of the body from `offset` on; never empty unless size is 0.
  std::string_view at(std::uint64_t offset, std::size_t size) const {
    return std::string_view(text_).substr(offset % kPeriod, std::min(size, kWindow));
  }

  bool matches(std::uint64_t offset, std::string_view data) const {
    while (!data.empty()) {
      const std::string_view expected = at(offset, data.size());
      if (data.substr(0, expected.size()) != expected) return false;
      offset += expected.size();
      data.remove_prefix(expected.size());
    }
    return true;
  }

 private:
  static constexpr std::size_t kWindow = 256 * 1024;
  std::string text_;
};

}  // namespace ficus::loadtests
