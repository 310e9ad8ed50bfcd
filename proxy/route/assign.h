#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/net/address.h"
#include "proxy/route/cidr.h"
#include "proxy/route/condition.h"
#include "proxy/route/request_view.h"
#include "proxy/side.h"

namespace ficus::proxy {

struct CompiledAssign {
  std::vector<std::string> methods;
  Conditions headers;
  std::optional<CidrSet> from;  // none: any address
  Side side = Side::legacy;
};

// The loader has checked the rule; blocks that do not parse hold nobody.
CompiledAssign compile_assign(const config::AssignRule& rule, PatternCopies copies);

// The side of the first rule whose conditions all hold: methods, headers, client address. A rule
// without conditions holds always.
std::optional<Side> assigned_side(const std::vector<CompiledAssign>& rules,
                                  const RequestView& request, const SocketAddress& client);

}  // namespace ficus::proxy
