#include "proxy/route/assign.h"

namespace ficus::proxy {

CompiledAssign compile_assign(const config::AssignRule& rule, PatternCopies copies) {
  CompiledAssign compiled;
  compiled.methods = rule.methods;
  compiled.headers = compile_conditions(rule.headers, copies);
  if (!rule.from.empty()) compiled.from = CidrSet::parse(rule.from).value_or(CidrSet{});
  compiled.side = rule.side == config::SideName::legacy ? Side::legacy : Side::fresh;
  return compiled;
}

std::optional<Side> assigned_side(const std::vector<CompiledAssign>& rules,
                                  const RequestView& request, const SocketAddress& client) {
  for (const CompiledAssign& assign : rules) {
    if (!lists(assign.methods, request.method)) continue;
    if (!all_hold(assign.headers, request)) continue;
    if (assign.from && !assign.from->contains(client)) continue;
    return assign.side;
  }
  return std::nullopt;
}

}  // namespace ficus::proxy
