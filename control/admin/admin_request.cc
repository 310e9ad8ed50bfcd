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

}  // namespace ficus::control
