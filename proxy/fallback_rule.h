#pragma once

#include <cstdint>

#include "config/model.h"
#include "proxy/error.h"
#include "proxy/http/request_head.h"

namespace ficus::proxy {

// What a failed try on the new side left behind.
struct FailedTry {
  ErrorKind kind = ErrorKind::none;
  int status = 0;  // of ErrorKind::status
  http::Method method = http::Method::other;
  bool any_byte_sent = false;   // of the request, to the side
  bool body_replayable = true;  // all of the body that was taken from the client is still here
};

// May the request go to legacy now? Pure. `on` decides which failures are meant; then any method
// may if no byte was sent, GET, HEAD and OPTIONS may otherwise, PUT and DELETE only where both
// sides see each other's writes, anything else never.
bool may_fall_back(const config::Fallback& fallback, config::Writes writes, const FailedTry& tried);

}  // namespace ficus::proxy
