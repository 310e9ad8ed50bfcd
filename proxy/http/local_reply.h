#pragma once

#include <cstdint>
#include <ctime>
#include <string_view>

#include "proxy/http/head_buffer.h"
#include "proxy/http/request_head.h"

namespace ficus::proxy::http {

enum class ReplyFormat : std::uint8_t { problem_json, text, empty };

// What a client that sent this Accept would rather read: text if it names text/plain, text/html or
// text/* and no JSON, else problem JSON.
ReplyFormat reply_format(std::string_view accept);

// An answer by the proxy itself. Views are used during the call only and may hold any bytes.
struct LocalReply {
  int status = 500;
  std::string_view title;                 // empty: the standard reason phrase
  std::string_view detail;                // one sentence for a person; may be empty
  std::string_view request_id;            // may be empty
  std::uint32_t retry_after_seconds = 0;  // 0: none
  Method request_method = Method::get;    // HEAD gets no body
  std::uint8_t client_minor_version = 1;
  bool close = false;
  std::time_t date = 0;  // of the answer (RFC 9110 §6.6.1); 0: not said
};

// The reason phrase of a status as RFC 9110 and its companions give it; "Unknown" if none does.
std::string_view reason_phrase(int status);

// Appends an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), of a year up to 9999.
void append_http_date(std::time_t time, HeadBuffer& out);

// Appends head and body: RFC 9457 problem details, the same as text, or none.
void write_local_reply(const LocalReply& reply, ReplyFormat format, HeadBuffer& out);

}  // namespace ficus::proxy::http
