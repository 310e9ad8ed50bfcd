#pragma once

#include <cstddef>
#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// The details of the faults that `tolerate` can name.
inline constexpr const char* kBareLfDetail = "bare LF: lines end in CRLF";
inline constexpr const char* kNameSpaceDetail = "white space between field name and colon";

// The first control character (below 0x20, or 0x7f) in [at, end), or end.
const char* find_control(const char* at, const char* end);

// The first byte in [at, end) that no request target holds (control, space, '#'), or end.
const char* find_target_end(const char* at, const char* end);

// Small enough for two registers: it is returned for every line.
struct LineScan {
  ParseStatus status = ParseStatus::complete;
  const char* detail = nullptr;  // of a fault; static storage
};

// Scans one field line at `at`: fills all of `field`, with offsets from `base`, and moves `at` past
// its CRLF. `incomplete` if the CRLF is not there yet.
LineScan scan_field_line(const char* base, const char*& at, const char* end, Field& field);

// Reads classified field lines from `at` up to and with the blank line, appending to `fields`.
// Faults have status 400 or 431.
ParseOutcome parse_field_lines(std::string_view bytes, const char*& at, const HeadLimits& limits,
                               FieldList& fields);

// Consumes CRLF at `at`; any other character there is a fault with the detail `unexpected`, bar a
// lone CR or LF, which has its own.
ParseOutcome expect_crlf(const char*& at, const char* end, std::string_view unexpected);

inline ParseOutcome fault(int status, ErrorKind kind, std::string_view detail) {
  return {ParseStatus::fault, {status, kind, MalformedRule::none, detail}};
}
inline ParseOutcome bad_request(std::string_view detail) {
  return fault(400, ErrorKind::malformed_request, detail);
}
inline constexpr ParseOutcome kComplete{ParseStatus::complete, {}};
inline constexpr ParseOutcome kIncomplete{ParseStatus::incomplete, {}};

}  // namespace ficus::proxy::http
