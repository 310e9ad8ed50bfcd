#include "proxy/route/assign.h"

namespace ficus::proxy {

std::optional<Side> assigned_side(const std::vector<CompiledAssign>& rules,
                                  const RequestView& request, const SocketAddress& client) {
  for (const CompiledAssign& assign : rules) {
    if (!lists(assign.rule.methods, request.method)) continue;
    if (!hold_all(assign.rule.headers, request.headers)) continue;
    if (!assign.rule.from.empty() && !assign.from.contains(client)) continue;
    return assign.side;
  }
  return std::nullopt;
}

}  // namespace ficus::proxy
