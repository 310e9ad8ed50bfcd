#pragma once

#include <optional>
#include <vector>

#include "config/model.h"
#include "proxy/net/address.h"
#include "proxy/route/cidr.h"
#include "proxy/route/request_view.h"
#include "proxy/side.h"

namespace ficus::proxy {

struct CompiledAssign {
  config::AssignRule rule;
  CidrSet from;
  Side side = Side::legacy;
};

// The side of the first rule whose conditions all hold: methods, headers, client address. A rule
// without conditions holds always.
std::optional<Side> assigned_side(const std::vector<CompiledAssign>& rules,
                                  const RequestView& request, const SocketAddress& client);

}  // namespace ficus::proxy
