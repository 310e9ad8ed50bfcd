#include "control/admin/read_handlers.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "build_info.h"
#include "control/admin/json_text.h"
#include "control/admin/problem.h"
#include "control/admin/route_json.h"
#include "control/metrics/exposition.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

AdminResponse json_response(const json::object& document) {
  return {200, "application/json", json_text(document), {{"Cache-Control", "no-store"}}};
}

AdminResponse plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {{"Cache-Control", "no-store"}}};
}

json::array routes_json(const View& view) {
  json::array routes;
  for (const std::shared_ptr<const RouteView>& route : view.routes) {
    routes.push_back(to_json(*route, view, Detail::summary));
  }
  return routes;
}

json::object workers_json(const View& view) {
  json::array applied;
  for (const std::uint64_t version : view.applied) applied.push_back(version);
  return {{"count", view.applied.size()}, {"applied_versions", std::move(applied)}};
}

json::object connections_json(const AdminContext& context, const View& view) {
  std::uint64_t open = 0;
  std::uint64_t accepted = 0;
  std::uint64_t in_flight = 0;
  for (std::size_t worker = 0; worker < view.applied.size(); ++worker) {
    const proxy::WorkerCells& cells = context.cells(worker);
    open += cells.connections_open.value();
    accepted += cells.connections_accepted.value();
    in_flight += cells.in_flight.value();
  }
  return {{"open", open}, {"accepted", accepted}, {"requests_in_flight", in_flight}};
}

json::object config_json(const View& view) {
  json::array diagnostics;
  for (const std::string& line : view.reload.diagnostics) diagnostics.emplace_back(line);
  return {{"hash", view.resolved ? view.resolved->config.hash : ""},
          {"revision", view.resolved ? view.resolved->config.revision : ""},
          {"last_load", timestamp(view.reload.at)},
          {"last_load_succeeded", view.reload.succeeded},
          {"last_load_errors", std::move(diagnostics)}};
}

json::array names_json(const View& view) {
  json::array names;
  for (const NameView& name : view.names) {
    json::array addresses;
    for (const std::string& address : name.addresses) addresses.emplace_back(address);
    json::object shown{{"name", name.host},
                       {"addresses", std::move(addresses)},
                       {"resolved", name.fault.empty()},
                       {"failures", name.failures}};
    if (!name.fault.empty()) shown["fault"] = name.fault;
    names.push_back(std::move(shown));
  }
  return names;
}

}  // namespace

void get_status(const AdminContext& context, const AdminRequest&, const std::string&,
                const AdminReply& reply) {
  const auto view = context.view();
  json::array listening;
  for (const std::string& address : view->listening) listening.emplace_back(address);
  reply(json_response(
      {{"version", kVersion},
       {"revision", kRevision},
       {"now", timestamp(view->at)},
       {"started", timestamp(view->started)},
       {"uptime_seconds",
        std::chrono::duration_cast<std::chrono::seconds>(view->at - view->started).count()},
       {"ready", view->ready()},
       {"draining", view->draining},
       {"durable", false},
       {"listening", std::move(listening)},
       {"snapshot_version", view->version},
       {"workers", workers_json(*view)},
       {"connections", connections_json(context, *view)},
       {"config", config_json(*view)},
       {"names", names_json(*view)},
       {"longest_tick_us", view->longest_tick.count()},
       {"routes", routes_json(*view)}}));
}

void get_routes(const AdminContext& context, const AdminRequest&, const std::string&,
                const AdminReply& reply) {
  reply(json_response({{"durable", false}, {"routes", routes_json(*context.view())}}));
}

void get_route(const AdminContext& context, const AdminRequest&, const std::string& name,
               const AdminReply& reply) {
  const auto view = context.view();
  const RouteView* route = view->find(name);
  if (route == nullptr) {
    return reply(
        problem({404, "there is no route named " + name, "GET /api/v1/routes lists them"}));
  }
  json::object document = to_json(*route, *view, Detail::full);
  document["durable"] = false;
  AdminResponse response = json_response(document);
  response.headers.emplace_back("ETag", "\"" + std::to_string(route->entry.version) + "\"");
  reply(std::move(response));
}

void get_metrics(const AdminContext& context, const AdminRequest&, const std::string&,
                 const AdminReply& reply) {
  std::vector<CpuTime> cpu = context.cpu ? context.cpu() : std::vector<CpuTime>{};
  AdminResponse response = plain(200, Exposition(context.view(), std::move(cpu)).text());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply(std::move(response));
}

void get_livez(const AdminContext&, const AdminRequest&, const std::string&,
               const AdminReply& reply) {
  reply(plain(200, "alive\n"));
}

void get_readyz(const AdminContext& context, const AdminRequest&, const std::string&,
                const AdminReply& reply) {
  const auto view = context.view();
  if (view->ready()) return reply(plain(200, "ready\n"));
  reply(plain(503, view->draining ? "draining\n" : "not every worker has a configuration yet\n"));
}

}  // namespace ficus::control
