#include "proxy/log/line_clock.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace ficus::proxy {
namespace {

void put(char* at, int value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

void LineClock::read() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  set(static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000);
}

void LineClock::set(std::int64_t unix_ms) {
  unix_ms = std::clamp<std::int64_t>(unix_ms, 0, 253'402'300'799'999);
  const std::int64_t second = unix_ms / 1000;
  if (second != second_) {
    second_ = second;
    format_second(static_cast<std::time_t>(second));
  }
  put(iso_.data() + 20, static_cast<int>(unix_ms % 1000), 3);
}

void LineClock::format_second(std::time_t second) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm date{};
  ::gmtime_r(&second, &date);
  constexpr std::string_view kIso = "0000-00-00T00:00:00.000Z";
  std::memcpy(iso_.data(), kIso.data(), kIso.size());
  put(iso_.data(), date.tm_year + 1900, 4);
  put(iso_.data() + 5, date.tm_mon + 1, 2);
  put(iso_.data() + 8, date.tm_mday, 2);
  put(iso_.data() + 11, date.tm_hour, 2);
  put(iso_.data() + 14, date.tm_min, 2);
  put(iso_.data() + 17, date.tm_sec, 2);
  constexpr std::string_view kCommon = "00/Mon/0000:00:00:00 +0000";
  std::memcpy(common_.data(), kCommon.data(), kCommon.size());
  put(common_.data(), date.tm_mday, 2);
  std::memcpy(common_.data() + 3, kMonths.data() + static_cast<std::size_t>(date.tm_mon) * 3, 3);
  put(common_.data() + 7, date.tm_year + 1900, 4);
  std::memcpy(common_.data() + 12, iso_.data() + 11, 8);
}

}  // namespace ficus::proxy
