#pragma once

#include "proxy/client.h"
#include "proxy/worker_context.h"

namespace ficus::proxy {

// The line of a request whose head was refused, or did not come whole. Call it after the reply was
// written to the worker's scratch head and before the client's bytes are let go. Loop thread only.
void log_refusal(WorkerContext& context, const Client& client, const http::HeadFault& fault);

}  // namespace ficus::proxy
