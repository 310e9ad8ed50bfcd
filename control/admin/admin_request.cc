#include "control/admin/admin_request.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace ficus::control {

bool AdminRequest::set_target(std::string_view target) {
  const bool is_origin_form = target.starts_with('/');
  const auto parsed = is_origin_form ? boost::urls::parse_origin_form(target)
                                     : boost::urls::parse_absolute_uri(target);
  if (!parsed || (!is_origin_form && !parsed->has_authority())) return false;
  authority = parsed->encoded_authority();
  path = parsed->path();
  if (path.empty()) path = "/";
  query.clear();
  repeated_parameter.clear();
  for (const auto& parameter : parsed->params()) {
    if (parameter.key.empty() && !parameter.has_value) continue;  // of "?" alone
    const bool is_new = query.emplace(parameter.key, parameter.value).second;
    if (!is_new) repeated_parameter = parameter.key;
  }
  return true;
}

AdminContext admin_context(ControlPlane& control, WorkerCellsOf cells) {
  AdminContext context;
  context.view = [&control] { return control.view(); };
  context.submit = [&control](WeightChange change, ChangePipeline::Answer answer) {
    control.submit(std::move(change), std::move(answer));
  };
  context.preview = [&control](WeightChange change,
                               std::function<void(Result<RouteEntry>)> answer) {
    control.preview(std::move(change), std::move(answer));
  };
  context.roll_back_all = [&control](const std::string& actor, const std::string& reason,
                                     std::function<void(ControlPlane::Sweep)> answer) {
    control.roll_back_all(actor, reason, std::move(answer));
  };
  context.cells = std::move(cells);
  return context;
}

}  // namespace ficus::control
