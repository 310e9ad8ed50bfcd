#include "control/admin/admin_request.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace ficus::control {

bool AdminRequest::set_target(std::string_view target) {
  const auto parsed = boost::urls::parse_origin_form(target);
  if (!parsed) return false;
  path = parsed->path();
  query.clear();
  for (const auto& parameter : parsed->params()) query[parameter.key] = parameter.value;
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
