#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/log_format.h"
#include "proxy/log/line_clock.h"
#include "proxy/log/record.h"

namespace ficus::proxy {

// How a record becomes a line. Immutable; any thread.
class LineFormat {
 public:
  LineFormat() = default;  // JSON
  // "json", or the text of `access_log.format`, which the loader has judged.
  explicit LineFormat(std::string_view text);

  // No line of this record is longer, its line end included.
  std::size_t most(const LogRecord& record) const;

  // Writes the line with its line end; where it ended.
  char* write(const LogRecord& record, const LineClock& time, char* out) const;

 private:
  static char* write_json(const LogRecord& record, const LineClock& time, char* out);
  char* write_text(const LogRecord& record, const LineClock& time, char* out) const;

  std::vector<config::LogPart> parts_;  // empty: JSON
  std::size_t literals_ = 0;            // bytes of fixed text
};

}  // namespace ficus::proxy
