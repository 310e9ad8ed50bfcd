#pragma once

#include <cstddef>
#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// The first control character (below 0x20, or 0x7f) in [at, end), or end.
const char* find_control(const char* at, const char* end);

// Scans one field line at `at`: fills `field` with offsets from `base` and moves `at` past its
// CRLF. `incomplete` if the CRLF is not there yet. Faults have status 400. The id stays `other`.
ParseOutcome scan_field_line(const char* base, const char*& at, const char* end, Field& field);

// Reads classified field lines from `at` up to and with the blank line, appending to `fields`.
// Faults have status 400 or 431.
ParseOutcome parse_field_lines(std::string_view bytes, const char*& at, const HeadLimits& limits,
                               FieldList& fields);

// Consumes CRLF at `at`; any other character there is a fault with the detail `unexpected`, bar a
// lone CR or LF, which has its own.
ParseOutcome expect_crlf(const char*& at, const char* end, std::string_view unexpected);

inline ParseOutcome fault(int status, ErrorKind kind, std::string_view detail) {
  return {ParseStatus::fault, {status, kind, detail}};
}
inline ParseOutcome bad_request(std::string_view detail) {
  return fault(400, ErrorKind::malformed_request, detail);
}
inline constexpr ParseOutcome kComplete{ParseStatus::complete, {}};
inline constexpr ParseOutcome kIncomplete{ParseStatus::incomplete, {}};

}  // namespace ficus::proxy::http
