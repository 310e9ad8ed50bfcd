#include "control/admin/problem.h"

#include <boost/json/object.hpp>

#include "control/admin/json_text.h"
#include "control/admin/route_json.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

const char* title_of(int status) {
  switch (status) {
    case 400:
      return "Bad request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition failed";
    case 413:
      return "Content too large";
    case 415:
      return "Unsupported media type";
    case 501:
      return "Not in this version";
    default:
      return "Internal error";
  }
}

json::object document(const Error& error) {
  json::object result{{"type", "about:blank"},
                      {"title", title_of(error.status)},
                      {"status", error.status},
                      {"detail", error.detail}};
  if (!error.mend.empty()) result["mend"] = error.mend;
  return result;
}

}  // namespace

AdminResponse problem(const Error& error) {
  return {error.status, "application/problem+json", json_text(document(error)), {}};
}

AdminResponse problem(const Error& error, const RouteView& present) {
  json::object result = document(error);
  result["route"] = to_json(present.entry);
  return {error.status,
          "application/problem+json",
          json_text(result),
          {{"ETag", "\"" + std::to_string(present.entry.version) + "\""}}};
}

}  // namespace ficus::control
