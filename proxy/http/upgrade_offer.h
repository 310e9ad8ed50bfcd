#pragma once

#include "proxy/http/request_head.h"
#include "proxy/http/response_head.h"

namespace ficus::proxy::http {

// Did the client offer what this 101 switches to? A server must not switch to anything else
// (RFC 9110 §7.8), and a tunnel to it would carry bytes that neither side agreed on.
bool fits_offer(const RequestHead& request, const ResponseHead& switched);

}  // namespace ficus::proxy::http
