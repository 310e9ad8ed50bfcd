#pragma once

#include <string>

#include "control/admin/admin_request.h"

namespace ficus::control {

// The endpoints that only read. `route` is empty where the path names none.
void get_status(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply);
void get_routes(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply);
void get_route(const AdminContext& context, const AdminRequest& request, const std::string& route,
               const AdminReply& reply);
void get_metrics(const AdminContext& context, const AdminRequest& request, const std::string& route,
                 const AdminReply& reply);
void get_livez(const AdminContext& context, const AdminRequest& request, const std::string& route,
               const AdminReply& reply);
void get_readyz(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply);

}  // namespace ficus::control
