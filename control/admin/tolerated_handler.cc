#include "control/admin/tolerated_handler.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "control/admin/json_text.h"
#include "control/admin/problem.h"
#include "control/admin/route_json.h"
#include "control/change/tolerated_answers.h"

namespace ficus::control {
namespace {

namespace json = boost::json;
using proxy::http::MalformedRule;

std::uint64_t count_of(const proxy::Backend& backend, std::size_t rule) {
  std::uint64_t count = 0;
  for (const proxy::Endpoint& endpoint : backend.endpoints) {
    for (const proxy::EndpointCells& cells : endpoint.state->cells) {
      count += cells.malformed_responses[rule].value();
    }
  }
  return count;
}

json::array answers_json(const proxy::Backend& backend) {
  json::array result;
  const auto* sink = dynamic_cast<const ToleratedAnswers*>(backend.tolerance_sink.get());
  if (sink == nullptr) return result;
  const ToleratedAnswers::ByRule last = sink->last();
  for (std::size_t rule = 0; rule < last.size(); ++rule) {
    if (!last[rule]) continue;
    result.push_back({{"rule", proxy::http::text(static_cast<MalformedRule>(rule))},
                      {"count", count_of(backend, rule)},
                      {"last", timestamp(last[rule]->at)},
                      {"endpoint", last[rule]->endpoint},
                      {"head", last[rule]->head}});
  }
  return result;
}

}  // namespace

void get_tolerated(const AdminContext& context, const AdminRequest&, const std::string& name,
                   const AdminReply& reply) {
  const auto view = context.view();
  if (view->snapshot) {
    const auto& backends = view->snapshot->backends;
    const auto found =
        std::ranges::find_if(backends, [&](const auto& backend) { return backend->name == name; });
    if (found != backends.end()) {
      const json::object document{{"backend", name}, {"tolerated", answers_json(**found)}};
      return reply({200, "application/json", json_text(document), {{"Cache-Control", "no-store"}}});
    }
  }
  reply(problem({404, "there is no backend named " + name, "look into the configuration"}));
}

}  // namespace ficus::control
