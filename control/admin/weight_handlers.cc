#include "control/admin/weight_handlers.h"

#include <charconv>
#include <initializer_list>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "control/admin/json_text.h"
#include "control/admin/problem.h"
#include "control/admin/route_json.h"
#include "control/duration_text.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestReason = 1000;

Error bad(std::string detail, std::string mend) {
  return {400, std::move(detail), std::move(mend)};
}

// How many members the outermost object of a text that is JSON was written with: of several with
// one key the parser keeps the last.
std::size_t members_written(std::string_view text) {
  std::size_t members = 0;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ':' && depth == 1) {
      ++members;
    }
  }
  return members;
}

// The body as an object that holds none but these keys.
Result<json::object> parse_body(const AdminRequest& request,
                                std::initializer_list<std::string_view> allowed) {
  boost::system::error_code error;
  json::value value = json::parse(request.body.empty() ? "{}" : request.body, error);
  if (error) return bad("the body is not JSON: " + error.message(), "send a JSON object");
  if (!value.is_object()) return bad("the body is not a JSON object", "send a JSON object");
  for (const auto& [key, member] : value.as_object()) {
    bool known = false;
    std::string names;
    for (const std::string_view name : allowed) {
      known = known || std::string_view(key) == name;
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    if (!known) return bad("unknown key '" + std::string(key) + "'", "the keys are " + names);
  }
  if (members_written(request.body) != value.as_object().size()) {
    return bad("a key of the body is given twice", "give each key once");
  }
  return std::move(value.as_object());
}

bool dry_run(const AdminRequest& request) {
  const auto found = request.query.find("dry_run");
  return found != request.query.end() && found->second != "false" && found->second != "0";
}

// W/ and several tags are not needed: an ETag of ours is one strong tag.
Result<std::optional<std::uint64_t>> expected_version(const AdminRequest& request) {
  if (request.if_match.empty() || request.if_match == "*") return std::optional<std::uint64_t>();
  std::string_view tag = request.if_match;
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
  }
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (error != std::errc{} || end != tag.data() + tag.size()) {
    return bad("If-Match " + request.if_match + " is no ETag of a route",
               "send the ETag of GET /api/v1/routes/{name}");
  }
  return std::optional<std::uint64_t>(version);
}

Result<std::string> checked_reason(const AdminRequest& request, std::string reason) {
  const bool says_nothing = reason.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
  if (says_nothing && !dry_run(request)) {
    return bad("a change needs a reason", request.method == "DELETE"
                                              ? "add ?reason=… to the URL"
                                              : "add \"reason\": \"…\" to the body");
  }
  if (reason.size() > kLongestReason)
    return bad("the reason is too long", "use 1000 bytes at most");
  return reason;
}

Result<std::string> reason_of(const AdminRequest& request, const json::object& body) {
  const json::value* value = body.if_contains("reason");
  if (value != nullptr && !value->is_string()) return bad("reason is not a string", "write a text");
  return checked_reason(request, value ? std::string(value->as_string()) : std::string());
}

Result<config::Weight> weight_of(const json::object& body) {
  const char* const mend = "\"weight\": 5 is 5 percent; 0 to 100 with up to two decimals";
  const json::value* value = body.if_contains("weight");
  if (value == nullptr) return bad("the weight is missing", mend);
  if (!value->is_number()) return bad("the weight is not a number", mend);
  const auto weight = config::Weight::from_percent(value->to_number<double>());
  if (!weight) return bad("the weight " + json_text(*value) + " is not possible", mend);
  return *weight;
}

Result<std::optional<std::chrono::milliseconds>> hold_for_of(const json::object& body) {
  using Hold = std::optional<std::chrono::milliseconds>;
  const json::value* value = body.if_contains("for");
  if (value == nullptr) return Hold();
  const auto duration =
      value->is_string() ? parse_duration(std::string_view(value->as_string())) : Hold();
  if (!duration) {
    return bad("'for' is not a duration", "write \"for\": \"30m\"; units are ms, s, m, h, d");
  }
  return Hold(duration);
}

json::object applied_json(const ChangePipeline::Receipt& receipt) {
  return {{"workers", receipt.applied}, {"of", receipt.workers}};
}

int status_of(const ChangePipeline::Receipt& receipt) {
  return receipt.applied < receipt.workers ? 202 : 200;
}

void reply_error(const AdminContext& context, const std::string& route, const Error& error,
                 const AdminReply& reply) {
  const auto view = context.view();
  const RouteView* present = error.status == 412 ? view->find(route) : nullptr;
  reply(present ? problem(error, *present) : problem(error));
}

void reply_preview(const AdminContext& context, const WeightChange& change,
                   const AdminReply& reply) {
  context.preview(change, [context, route = change.route, reply](Result<RouteEntry> entry) {
    if (!entry) return reply_error(context, route, entry.error(), reply);
    const json::object document{{"dry_run", true}, {"route", to_json(*entry)}};
    reply({200, "application/json", json_text(document), {}});
  });
}

void submit(const AdminContext& context, const AdminRequest& request, WeightChange change,
            const AdminReply& reply) {
  const auto version = expected_version(request);
  if (!version) return reply(problem(version.error()));
  change.expected_version = *version;
  change.actor = "operator";
  if (dry_run(request)) return reply_preview(context, change, reply);
  const std::string route = change.route;
  context.submit(std::move(change), [context, route, reply](Result<ChangePipeline::Receipt> done) {
    if (!done) return reply_error(context, route, done.error(), reply);
    const auto view = context.view();
    json::object document{
        {"version", done->version}, {"applied", applied_json(*done)}, {"durable", false}};
    AdminResponse response{status_of(*done), "application/json", {}, {}};
    if (const RouteView* present = view->find(route)) {
      document["route"] = to_json(present->entry);
      response.headers.emplace_back("ETag", "\"" + std::to_string(present->entry.version) + "\"");
    }
    response.body = json_text(document);
    reply(std::move(response));
  });
}

void submit_with_reason(const AdminContext& context, const AdminRequest& request,
                        WeightChange change, const AdminReply& reply) {
  const auto body = parse_body(request, {"reason"});
  if (!body) return reply(problem(body.error()));
  auto reason = reason_of(request, *body);
  if (!reason) return reply(problem(reason.error()));
  change.reason = std::move(*reason);
  submit(context, request, std::move(change), reply);
}

}  // namespace

void put_weight(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply) {
  const auto body = parse_body(request, {"weight", "reason", "for"});
  if (!body) return reply(problem(body.error()));
  const auto weight = weight_of(*body);
  if (!weight) return reply(problem(weight.error()));
  const auto hold_for = hold_for_of(*body);
  if (!hold_for) return reply(problem(hold_for.error()));
  const auto reason = reason_of(request, *body);
  if (!reason) return reply(problem(reason.error()));

  WeightChange change;
  change.route = route;
  change.verb = Verb::set_weight;
  change.weight = *weight;
  change.hold_for = *hold_for;
  change.reason = *reason;
  submit(context, request, std::move(change), reply);
}

void delete_weight(const AdminContext& context, const AdminRequest& request,
                   const std::string& route, const AdminReply& reply) {
  const auto given = request.query.find("reason");
  auto reason = checked_reason(request, given == request.query.end() ? "" : given->second);
  if (!reason) return reply(problem(reason.error()));
  WeightChange change;
  change.route = route;
  change.verb = Verb::use_file;
  change.reason = std::move(*reason);
  submit(context, request, std::move(change), reply);
}

void post_rollback(const AdminContext& context, const AdminRequest& request,
                   const std::string& route, const AdminReply& reply) {
  WeightChange change;
  change.route = route;
  change.verb = Verb::rollback;
  change.cause = "operator";
  submit_with_reason(context, request, std::move(change), reply);
}

void post_rearm(const AdminContext& context, const AdminRequest& request, const std::string& route,
                const AdminReply& reply) {
  WeightChange change;
  change.route = route;
  change.verb = Verb::rearm;
  submit_with_reason(context, request, std::move(change), reply);
}

void post_rollback_all(const AdminContext& context, const AdminRequest& request, const std::string&,
                       const AdminReply& reply) {
  const auto body = parse_body(request, {"reason"});
  if (!body) return reply(problem(body.error()));
  const auto reason = reason_of(request, *body);
  if (!reason) return reply(problem(reason.error()));
  if (dry_run(request)) {
    json::array names;
    const std::shared_ptr<const View> view = context.view();
    for (const auto& route : view->routes) {
      if (route->entry.has_legacy && route->entry.has_new) names.emplace_back(route->entry.name);
    }
    const json::object document{{"dry_run", true}, {"rolled_back", std::move(names)}};
    return reply({200, "application/json", json_text(document), {}});
  }
  context.roll_back_all("operator", *reason, [reply](const ControlPlane::Sweep& sweep) {
    json::array names;
    for (const std::string& name : sweep.rolled_back) names.emplace_back(name);
    const json::object document{{"rolled_back", std::move(names)},
                                {"version", sweep.receipt.version},
                                {"applied", applied_json(sweep.receipt)},
                                {"durable", false}};
    reply({status_of(sweep.receipt), "application/json", json_text(document), {}});
  });
}

}  // namespace ficus::control
