#pragma once

#include <cstdint>

#include "proxy/counters.h"
#include "proxy/log/line_clock.h"
#include "proxy/log/line_format.h"
#include "proxy/log/log_ring.h"
#include "proxy/route/random.h"

namespace ficus::proxy {

// What a snapshot says about the log.
struct LogSettings {
  LineFormat format;
  std::uint32_t sample_basis_points = 10'000;  // of the requests that went well
};

// A worker's end of the access log. Loop thread only, but for what the ring's reader uses.
class AccessLog {
 public:
  // Did it go well? Then it may be left out.
  enum class Ending : std::uint8_t { well, badly };

  static bool keeps(const LogSettings& settings, Ending ending, Random& random) {
    return ending == Ending::badly || settings.sample_basis_points >= 10'000 ||
           random.below(10'000) < settings.sample_basis_points;
  }

  void write(const LogSettings& settings, const LogRecord& record);

  // Lines for which there was no room: the worker's count, and what the reader gave up.
  std::uint64_t dropped() const { return overrun_.value() + given_up_.value(); }

  // The reader's.
  LogRing& ring() { return ring_; }
  void give_up(std::uint64_t lines) { given_up_.add(lines); }

 private:
  LogRing ring_;
  LineClock clock_;
  Cell overrun_;
  alignas(64) Cell given_up_;
};

}  // namespace ficus::proxy
