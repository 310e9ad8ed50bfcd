#pragma once

#include <string>
#include <string_view>

#include "control/admin/admin_request.h"
#include "control/error.h"

namespace ficus::control {

// An error as problem details (RFC 9457); `mend` says what helps.
AdminResponse problem(const Error& error);

// The same with the present state of the route, for a change that was asked for in ignorance of it.
AdminResponse problem(const Error& error, const RouteView& present);

}  // namespace ficus::control
