#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/error.h"
#include "proxy/side.h"

namespace ficus::proxy {

// A duration that was not measured, because it did not happen.
inline constexpr std::int64_t kNotMeasured = -1;

// One of the two tries of a fallback.
struct LogTry {
  Side side = Side::legacy;
  std::string_view endpoint;
  ErrorKind error = ErrorKind::none;
  int status = 0;  // 0: no answer
  std::int64_t duration_us = kNotMeasured;
};

// What is known of a request at its end. Empty and 0 stand for "not known"; valid for one call.
struct LogRecord {
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view client;
  std::string_view method;
  std::string_view host;
  std::string_view path;  // in its normal form, without the query
  std::string_view query;
  std::string_view first_line;  // of a head that was refused, as it came
  int minor_version = -1;       // of HTTP/1; -1: not known
  int status = 0;
  std::uint64_t bytes_in = 0;  // of bodies
  std::uint64_t bytes_out = 0;

  std::string_view route;  // empty: none was found; then there is no side either
  Side side = Side::legacy;
  SideReason reason = SideReason::only_side;
  std::string_view backend;
  std::string_view endpoint;  // the last one that was tried

  std::int64_t duration_us = kNotMeasured;
  std::int64_t connect_us = kNotMeasured;
  std::int64_t first_byte_us = kNotMeasured;

  std::string_view referer;
  std::string_view user_agent;

  ErrorKind error = ErrorKind::none;
  std::string_view detail;
  std::optional<LogTry> first_try;  // of a request that fell back; the rest tells of the second
};

// Whose doing an error is.
constexpr std::string_view fault_of(ErrorKind kind) {
  if (kind == ErrorKind::none) return {};
  if (kind >= ErrorKind::draining) return "proxy";
  return kind >= ErrorKind::malformed_request ? "client" : "upstream";
}

}  // namespace ficus::proxy
