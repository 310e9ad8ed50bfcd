#pragma once

#include <string>

#include "control/admin/admin_request.h"

namespace ficus::control {

// What a backend's answers broke and was tolerated: a count, and the last one seen, by rule.
void get_tolerated(const AdminContext& context, const AdminRequest& request,
                   const std::string& backend, const AdminReply& reply);

}  // namespace ficus::control
