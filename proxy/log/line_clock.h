#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <string_view>

namespace ficus::proxy {

// A point in time as text, in UTC. The part down to the second is formatted once a second.
// One thread.
class LineClock {
 public:
  // Milliseconds since 1970. Years 1970 to 9999.
  void set(std::int64_t unix_ms);
  void read();  // the present time

  std::string_view iso() const { return {iso_.data(), iso_.size()}; }  // 2026-03-01T08:15:30.042Z
  // As web servers' common log format has it: 01/Mar/2026:08:15:30 +0000
  std::string_view common() const { return {common_.data(), common_.size()}; }

 private:
  void format_second(std::time_t second);

  std::int64_t second_ = -1;
  std::array<char, 24> iso_{};
  std::array<char, 26> common_{};
};

}  // namespace ficus::proxy
