#pragma once

#include <string>

#include "control/admin/admin_request.h"

namespace ficus::control {

// The endpoints that change shares. All need a reason, unless it is a dry run.
void put_weight(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply);
void delete_weight(const AdminContext& context, const AdminRequest& request,
                   const std::string& route, const AdminReply& reply);
void post_rollback(const AdminContext& context, const AdminRequest& request,
                   const std::string& route, const AdminReply& reply);
void post_rearm(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply);
void post_rollback_all(const AdminContext& context, const AdminRequest& request,
                       const std::string& route, const AdminReply& reply);

}  // namespace ficus::control
