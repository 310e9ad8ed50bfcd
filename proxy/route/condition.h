#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/route/pattern.h"
#include "proxy/route/request_view.h"

namespace ficus::proxy {

// A condition on a header field, its regex compiled. Immutable; copies share the regex.
class Condition {
 public:
  Condition(const config::HeaderCondition& from, PatternCopies copies);

  // Is there a field line of that name whose value is the text, or in which the regex is found? A
  // field that is absent never fits.
  bool holds(const RequestView& request) const;

 private:
  config::HeaderCondition from_;
  std::shared_ptr<const Pattern> pattern_;  // null: an exact value
};

using Conditions = std::vector<Condition>;

Conditions compile_conditions(const std::vector<config::HeaderCondition>& from,
                              PatternCopies copies);

bool all_hold(const Conditions& conditions, const RequestView& request);

}  // namespace ficus::proxy
