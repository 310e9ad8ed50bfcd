#pragma once

#include "control/admin/admin_request.h"

namespace ficus::control {

// Answers one request to the admin listener: who may ask, which endpoint, what it does. `reply` is
// called once, at once or when the control plane has answered, on whichever thread that is.
void answer(const AdminContext& context, const AdminRequest& request, const AdminReply& reply);

// The same of the metrics listener: GET of /metrics, /livez and /readyz, whoever asks, and nothing
// else.
void answer_metrics(const AdminContext& context, const AdminRequest& request,
                    const AdminReply& reply);

}  // namespace ficus::control
