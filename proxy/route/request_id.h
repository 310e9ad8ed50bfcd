#pragma once

#include <string_view>

#include "proxy/route/random.h"

namespace ficus::proxy {

// X-Request-Id of a request that brought none.
using RequestId = RandomHex;

inline RequestId make_request_id(Random& random) { return random_hex(random); }

// Is an X-Request-Id that came with a request kept? 1 to 128 visible ASCII characters are: it goes
// into logs and headers.
bool keeps_request_id(std::string_view value);

}  // namespace ficus::proxy
