#include "control/cli/explanation.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "config/loader.h"
#include "control/change/resolve.h"
#include "control/change/route_registry.h"
#include "control/change/snapshot_builder.h"
#include "control/decision.h"
#include "proxy/client_identity.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/request_head.h"
#include "proxy/http/trace_context.h"
#include "proxy/request_lookup.h"
#include "proxy/route/pin.h"
#include "proxy/route/side_choice.h"
#include "proxy/route/side_rules.h"

namespace ficus::control {
namespace {

namespace http = proxy::http;

Explanation refused(std::string fault) { return {{}, {"ficus: explain: " + std::move(fault)}}; }

// The request as it would arrive.
std::string head_text(const Question& question) {
  std::string host = "localhost";
  std::string target = question.url;
  const std::size_t scheme = target.find("://");
  if (scheme != std::string::npos) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = target.find_first_of("/?", begin);
    host = target.substr(begin, end == std::string::npos ? end : end - begin);
    target = end == std::string::npos ? "/" : target.substr(end);
    if (target.front() == '?') target.insert(0, "/");
  }
  std::string fields;
  bool has_host = false;
  for (const std::string& header : question.headers) {
    has_host = has_host || http::equals_ignoring_case(header.substr(0, header.find(':')), "Host");
    fields += header + "\r\n";
  }
  return question.method + " " + target + " HTTP/1.1\r\n" +
         (has_host ? "" : "Host: " + host + "\r\n") + fields + "\r\n";
}

// Everything that must outlive the answer.
struct Setting {
  ResolvedConfig resolved;
  RouteTable table;
  RouteRegistry registry{1, nullptr};
  std::shared_ptr<const proxy::RoutingSnapshot> snapshot;
};

void build(Setting& setting) {
  for (const config::Backend& backend : setting.resolved.config.backends) {
    for (const config::EndpointUrl& url : backend.endpoints) {
      setting.resolved.addresses[url.text] = {proxy::SocketAddress{}};
    }
  }
  const RouteTable::Moment at{std::chrono::steady_clock::now(), std::chrono::system_clock::now(),
                              1};
  setting.table = RouteTable{}.reloaded(setting.resolved.config, at);
  const HealthLookup healthy = [](const std::string&, const proxy::EndpointState&) { return true; };
  setting.snapshot =
      build_snapshot({setting.resolved.config, setting.resolved.addresses, setting.resolved.rules,
                      setting.table, setting.registry, healthy, at});
}

std::string why(const proxy::RuledSide& ruled, const proxy::SideTerms& terms) {
  const std::string weight = percent_text(terms.weight);
  const double place = static_cast<double>(ruled.key.value_or(0)) /
                       static_cast<double>(proxy::kHashScale) * config::Weight::kFull;
  const auto at = config::Weight::from_basis_points(static_cast<std::uint32_t>(place));
  switch (ruled.reason) {
    case proxy::SideReason::only_side:
      return "only_side: the route has no other side";
    case proxy::SideReason::override_:
      return "override: the request asks for it and is trusted";
    case proxy::SideReason::rollback:
      return "rollback: the route is latched";
    case proxy::SideReason::unhealthy:
      return "unhealthy: the other side has no healthy endpoint";
    case proxy::SideReason::assign:
      return "assign: a rule of the route says so";
    case proxy::SideReason::pin:
      return "pin: the cookie " + terms.pin->cookie +
             " says that the client wrote there (its signature is not checked here)";
    case proxy::SideReason::sticky:
      return "sticky: the key lies at " + percent_text(at.value_or(config::Weight{})) +
             ", and new has the keys below " + weight;
    case proxy::SideReason::slow_start:
      return "slow_start: the share has not reached this key yet";
    case proxy::SideReason::weight:
      return "weight: drawn anew for each request, " + weight + " go to new";
  }
  return {};
}

std::string backend_text(const proxy::Route& route, proxy::Side side) {
  const proxy::Backend* backend = route.backend(side);
  if (backend == nullptr) return "none";
  std::string result = backend->name + " (";
  for (std::size_t i = 0; i < backend->endpoints.size(); ++i) {
    result += (i == 0 ? "" : ", ") + backend->endpoints[i].state->name;
  }
  return result + ")";
}

std::string line(const char* label, const std::string& value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%-9s", label);
  return buffer + value + "\n";
}

std::string sides_text(const proxy::Route& route, const proxy::SideTerms& terms,
                       const proxy::RuledSide& ruled) {
  std::string result;
  if (ruled.side) {
    result += line("side", std::string(proxy::text(*ruled.side)));
    result += line("why", why(ruled, terms));
    return result + line("backend", backend_text(route, *ruled.side));
  }
  result += line("side", "legacy or new");
  result += line("why", ruled.generate_key
                            ? "sticky: no key came, so one is generated and given as a cookie; " +
                                  percent_text(terms.weight) + " of keys go to new"
                            : why(ruled, terms));
  result += line("legacy", backend_text(route, proxy::Side::legacy));
  return result + line("new", backend_text(route, proxy::Side::fresh));
}

// What another share than the file's would change, for all and for this one request.
std::string moves_text(const proxy::SideTerms& in_file, const proxy::SideTerms& asked,
                       const proxy::SideRequest& request) {
  const proxy::RuledSide before = proxy::rule_side(in_file, request);
  const proxy::RuledSide after = proxy::rule_side(asked, request);
  const bool is_rise = asked.weight >= in_file.weight;
  const std::uint32_t least = std::min(in_file.weight, asked.weight).basis_points();
  const std::uint32_t most = std::max(in_file.weight, asked.weight).basis_points();
  const auto share = config::Weight::from_basis_points(most - least).value_or(config::Weight{});
  std::string text = "between " + percent_text(in_file.weight) + " (the file) and " +
                     percent_text(asked.weight) + ": " +
                     (most == least ? "no" : percent_text(share) + " of") +
                     (asked.sticky != nullptr ? " keys" : " requests") + " move to " +
                     (is_rise ? "new" : "legacy");
  if (!before.side || !after.side) return text;
  text += before.key && after.key ? "; this key: " : "; this request, whatever the share: ";
  return text + (*before.side == *after.side ? "stays on " : "moves to ") +
         std::string(proxy::text(*after.side));
}

std::string quoted_list(const std::vector<std::string>& values) {
  std::string result;
  for (const std::string& value : values) result += (result.empty() ? "" : ", ") + value;
  return result;
}

// The conditions that the route gives, as in the file.
std::string match_text(const config::Match& match) {
  std::vector<std::string> parts;
  if (!match.hosts.empty()) parts.push_back("hosts " + quoted_list(match.hosts));
  if (match.path) parts.push_back("path " + *match.path);
  if (match.path_regex) parts.push_back("path_regex " + *match.path_regex);
  if (match.path_prefix) parts.push_back("path_prefix " + *match.path_prefix);
  if (!match.methods.empty()) parts.push_back("methods " + quoted_list(match.methods));
  for (const config::HeaderCondition& header : match.headers) {
    parts.push_back("header " + header.name + ": " + (header.value_is_regex ? "~" : "") +
                    header.value);
  }
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : "; ") + part;
  return result.empty() ? "every request" : result;
}

// Who sends it, and what backends are told about that.
struct Sender {
  std::string peer;
  proxy::ClientIdentity identity;
  bool by_tls = false;
};

std::string forwarded_text(const http::RequestHead& head, const Sender& sender,
                           const http::Rewrite* rewrite) {
  http::UpstreamHeadContext context;
  context.client_ip = sender.peer;
  if (sender.by_tls) context.scheme = "https";
  context.x_forwarded = sender.identity.x_forwarded;
  context.forwarded = sender.identity.forwarded;
  if (http::client_request_id(head).empty()) context.request_id = "(made for each request)";
  if (!http::TraceContext::parse(head.value(http::HeaderId::traceparent))) {
    context.traceparent = "(begun for each request)";
    context.keep_tracestate = false;
  }
  context.rewrite = rewrite;
  http::HeadBuffer out;
  http::write_upstream_head(head, context, out);
  std::string result = "\n";
  for (const char c : out.view()) {
    if (c != '\r') result += c;
  }
  return result;
}

// One request for each side that it may go to, unless both get the same.
std::string requests_text(const http::RequestHead& head, const Sender& sender,
                          const proxy::Route& route, std::optional<proxy::Side> side) {
  if (side) return forwarded_text(head, sender, route.rewrite(*side));
  if (route.rewrites == nullptr) return forwarded_text(head, sender, nullptr);
  std::string result;
  for (const proxy::Side one : {proxy::Side::legacy, proxy::Side::fresh}) {
    result += (result.empty() ? "\nto " : "to ") + std::string(proxy::text(one)) + ":" +
              forwarded_text(head, sender, route.rewrite(one));
  }
  return result;
}

}  // namespace

Explanation explain(const std::string& config_path, const Question& question) {
  config::LoadOutcome loaded = config::load(config_path);
  if (!loaded.config) {
    Explanation explanation;
    for (const auto& diagnostic : loaded.diagnostics) {
      explanation.faults.push_back(diagnostic.text());
    }
    return explanation;
  }
  const auto peer = proxy::SocketAddress::parse(question.client, 0);
  if (!peer) return refused("--client: '" + question.client + "' is no IP address");

  Setting setting;
  setting.resolved.config = std::move(*loaded.config);
  build(setting);
  std::string text = head_text(question);
  http::RequestHead head;
  const http::ParseOutcome outcome =
      http::parse_request_head(text, setting.snapshot->limits.head, head);
  if (outcome.status != http::ParseStatus::complete) {
    return refused("the proxy would refuse the request: " + std::string(outcome.fault.detail));
  }

  head.rebase_and_normalise(text.data());
  // The first listener's terms: a URL does not say which one it reaches.
  const proxy::ClientIdentity identity =
      proxy::identify_client(setting.snapshot->listeners.front(), *peer, head);
  proxy::SideRequest request;
  request.view = proxy::view_of(head);
  request.client = identity.address.empty() ? *peer : identity.address;
  request.unix_now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  request.unix_now_ms = proxy::unix_ms_now();
  const int found = setting.snapshot->matcher->match(request.view);
  if (found == proxy::RouteMatcher::kNoRoute) {
    return {line("route", "none: the answer is 404"), {}};
  }
  const proxy::Route& route = setting.snapshot->routes[static_cast<std::size_t>(found)];
  proxy::SideTerms in_file = proxy::at_weight(proxy::side_terms(route), route.weight);
  in_file.pin_check = proxy::PinCheck::none;
  const proxy::SideTerms terms = proxy::at_weight(in_file, question.weight.value_or(route.weight));
  const proxy::RuledSide ruled = proxy::rule_side(terms, request);

  Explanation explanation;
  explanation.text =
      line("route", route.state->name + " at " + percent_text(terms.weight) + " new") +
      (identity.address.empty() ? "" : line("client", identity.address.ip_text())) +
      line("match",
           match_text(setting.resolved.config.routes[static_cast<std::size_t>(found)].match)) +
      sides_text(route, terms, ruled) +
      (question.weight && route.legacy != nullptr && route.fresh != nullptr
           ? line("moves", moves_text(in_file, terms, request))
           : "") +
      requests_text(head, {peer->ip_text(), identity, question.url.starts_with("https://")}, route,
                    ruled.side);
  return explanation;
}

}  // namespace ficus::control
