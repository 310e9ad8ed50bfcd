#pragma once

#include "proxy/http/request_head.h"
#include "proxy/http/response_head.h"
#include "proxy/route/request_view.h"

namespace ficus::proxy {

// Header fields of a parsed head, as the rules of routes ask for them. Borrows the head.
HeaderLookup lookup_of(const http::RequestHead& head);
HeaderLookup lookup_of(const http::ResponseHead& head);

// A request as the rules of routes see it. Borrows the head.
RequestView view_of(const http::RequestHead& head);

}  // namespace ficus::proxy
