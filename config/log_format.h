#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/units.h"

// The grammar of `access_log.format`.
namespace ficus::config {

inline constexpr std::string_view kJsonLogFormat = "json";

// What a line of the access log can tell of a request.
enum class LogField : std::uint8_t {
  literal,  // text between two fields
  time,
  time_common,
  request_id,
  trace_id,
  client,
  method,
  host,
  path,
  query,
  target,
  protocol,
  request,
  status,
  bytes_in,
  bytes_out,
  route,
  side,
  reason,
  backend,
  endpoint,
  duration_ms,
  connect_ms,
  first_byte_ms,
  referer,
  user_agent,
  error,
  fault,
  detail,
  tries,
};

struct LogFieldName {
  std::string_view name;
  LogField field = LogField::literal;
};

// Every name that may stand in braces.
std::span<const LogFieldName> log_field_names();

// A field, or literal text.
struct LogPart {
  LogField field = LogField::literal;
  std::string literal{};
};

// "{client} {status}" into its parts; "{{" and "}}" are the braces themselves. Neighbouring
// literals are one part. Refuses control characters, unknown names and an empty text.
Parsed<std::vector<LogPart>> parse_log_format(std::string_view text);

}  // namespace ficus::config
