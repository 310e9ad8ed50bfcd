#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head_fields.h"
#include "proxy/http/request_head.h"

namespace ficus::proxy::http {

// Classifies a method by its exact spelling.
Method method_of(std::string_view text);

// Reads "HTTP/" DIGIT "." DIGIT at `at`. Major version 1 is complete; others are faults (505 for
// later, 400 for earlier).
ParseOutcome parse_version(const char*& at, const char* end, std::uint8_t& minor_version);

// Reads the request line at `at`, and the few empty lines that may precede it (RFC 9112 §2.2), into
// the members of `head` that describe method, target, authority and version.
ParseOutcome parse_request_line(std::string_view bytes, const char*& at, const HeadLimits& limits,
                                RequestHead& head);

}  // namespace ficus::proxy::http
