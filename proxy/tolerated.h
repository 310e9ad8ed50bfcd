#pragma once

#include <string_view>

#include "proxy/http/response_head.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

// Counts the rules that a tolerated answer broke, and shows the first 256 bytes of its head,
// redacted, to the backend's sink: at most once a second for each of the cells and rules.
// The worker of `cells`.
void note_tolerated(const Backend& backend, EndpointCells& cells, std::string_view endpoint,
                    const http::ResponseHead& head);

}  // namespace ficus::proxy
