#pragma once

#include <string_view>

#include "config/model.h"
#include "proxy/http/response_head.h"

namespace ficus::proxy::http {

struct TolerantTerms {
  const HeadLimits& limits;
  const config::Tolerance& tolerance;
};

// As parse_field_lines(), for heads that it refused: white space between name and colon and a bare
// LF as the end of a line are forgiven if `tolerance` names them, and noted. A bare CR, a folded
// line and control characters never are: they hide where a line ends or a name begins.
ParseOutcome parse_tolerant_field_lines(std::string_view bytes, const char*& at,
                                        const TolerantTerms& terms, ResponseHead& head);

// Consumes the end of the status line or of the head at `at`: CRLF, or a bare LF if forgiven.
ParseOutcome end_line(const char*& at, const char* end, const config::Tolerance& tolerance,
                      ResponseHead& head);

}  // namespace ficus::proxy::http
