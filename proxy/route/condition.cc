#include "proxy/route/condition.h"

#include <algorithm>

namespace ficus::proxy {

Condition::Condition(const config::HeaderCondition& from, PatternCopies copies) : from_(from) {
  if (from.value_is_regex) {
    pattern_ = Pattern::compile(from.value, Pattern::Fit::anywhere, copies);
  }
}

bool Condition::holds(const RequestView& request) const {
  if (pattern_ == nullptr) return proxy::holds(from_, request.headers);
  for (std::size_t nth = 0;; ++nth) {
    const auto value = request.headers(from_.name, nth);
    if (!value) return false;
    if (pattern_->fits(*value, request.worker)) return true;
  }
}

Conditions compile_conditions(const std::vector<config::HeaderCondition>& from,
                              PatternCopies copies) {
  Conditions conditions;
  for (const config::HeaderCondition& one : from) conditions.emplace_back(one, copies);
  return conditions;
}

bool all_hold(const Conditions& conditions, const RequestView& request) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return condition.holds(request); });
}

}  // namespace ficus::proxy
