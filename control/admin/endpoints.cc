#include "control/admin/endpoints.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "control/admin/problem.h"
#include "control/admin/read_handlers.h"
#include "control/admin/tolerated_handler.h"
#include "control/admin/weight_handlers.h"
#include "proxy/net/address.h"

namespace ficus::control {
namespace {

using Handler = void (*)(const AdminContext&, const AdminRequest&, const std::string& route,
                         const AdminReply&);

// Which query parameters an endpoint knows. Probes and scrapers may add what they like.
enum class Takes { nothing, dry_run, dry_run_and_reason, anything };

struct Endpoint {
  std::string_view method;
  std::string_view path;  // {name} stands for one segment
  Takes takes;
  Handler handle;
};

constexpr std::array<Endpoint, 12> kEndpoints{{
    {"GET", "/api/v1/status", Takes::nothing, get_status},
    {"GET", "/api/v1/routes", Takes::nothing, get_routes},
    {"GET", "/api/v1/routes/{name}", Takes::nothing, get_route},
    {"PUT", "/api/v1/routes/{name}/weight", Takes::dry_run, put_weight},
    {"DELETE", "/api/v1/routes/{name}/weight", Takes::dry_run_and_reason, delete_weight},
    {"POST", "/api/v1/routes/{name}/rollback", Takes::dry_run, post_rollback},
    {"POST", "/api/v1/routes/{name}/rearm", Takes::dry_run, post_rearm},
    {"POST", "/api/v1/rollback", Takes::dry_run, post_rollback_all},
    {"GET", "/api/v1/backends/{name}/tolerated", Takes::nothing, get_tolerated},
    {"GET", "/metrics", Takes::anything, get_metrics},
    {"GET", "/livez", Takes::anything, get_livez},
    {"GET", "/readyz", Takes::anything, get_readyz},
}};

constexpr const char* kWhatThereIs = "docs/admin-api.md lists what is";

// Of the interface, but not of this version: whoever asks has not misspelt it.
constexpr std::array<std::string_view, 16> kLater{"/api/v1/routes/{name}/why",
                                                  "/api/v1/routes/{name}/diff",
                                                  "/api/v1/routes/{name}/diff/verdict",
                                                  "/api/v1/routes/{name}/diff/rules:preview",
                                                  "/api/v1/routes/{name}/endpoints",
                                                  "/api/v1/backends/{name}/deploy",
                                                  "/api/v1/migrations",
                                                  "/api/v1/migrations/{name}",
                                                  "/api/v1/freeze",
                                                  "/api/v1/unfreeze",
                                                  "/api/v1/events",
                                                  "/api/v1/audit",
                                                  "/api/v1/config",
                                                  "/api/v1/config/validate",
                                                  "/api/v1/config/plan",
                                                  "/api/v1/config/reload"};

// The part of `path` that {name} stands for; empty for a pattern without one; nothing: no match.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  constexpr std::string_view kName = "{name}";
  const std::size_t at = pattern.find(kName);
  if (at == std::string_view::npos) {
    if (pattern != path) return std::nullopt;
    return std::string();
  }
  const std::string_view before = pattern.substr(0, at);
  const std::string_view after = pattern.substr(at + kName.size());
  if (path.size() <= before.size() + after.size()) return std::nullopt;
  if (path.substr(0, at) != before || path.substr(path.size() - after.size()) != after) {
    return std::nullopt;
  }
  const std::string_view name = path.substr(at, path.size() - before.size() - after.size());
  if (name.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Empty if what follows the host is no port.
std::string_view without_port(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  if (end >= host.size()) return host;
  const std::string_view port = host.substr(end);
  if (port.front() != ':' || port.find_first_not_of("0123456789", 1) != port.npos) return {};
  return host.substr(0, end);
}

// An address, not a name that begins like one: 127.evil.example is somebody's.
bool is_loopback(std::string_view host) {
  if (same_ignoring_case(host, "localhost") || host == "[::1]") return true;
  return host.starts_with("127.") && proxy::SocketAddress::parse(host, 0);
}

// A page of some site may make a browser ask us under that site's name (DNS rebinding), or send us
// its forms (CSRF). We listen on loopback alone, so only loopback's names are ours.
std::optional<Error> refuse_foreign(const AdminRequest& request) {
  if (!is_loopback(without_port(request.host))) {
    return Error{403, "the Host '" + request.host + "' is not this listener",
                 "ask 127.0.0.1, [::1] or localhost"};
  }
  if (!request.origin.empty() && request.origin != "http://" + request.host) {
    return Error{403, "requests from pages of " + request.origin + " are not served",
                 "send no Origin header"};
  }
  return std::nullopt;
}

// RFC 9112 section 3.2: two Host lines are 400, and a target in absolute form says the same as
// Host.
std::optional<Error> refuse_ambiguous(const AdminRequest& request) {
  if (request.host_lines > 1) {
    return Error{400, "the request has " + std::to_string(request.host_lines) + " Host lines",
                 "send one"};
  }
  if (!request.authority.empty() && !same_ignoring_case(request.authority, request.host)) {
    return Error{400,
                 "the target is of '" + request.authority + "', Host says '" + request.host + "'",
                 "send the path alone as the target"};
  }
  return std::nullopt;
}

// A parameter that is misspelt must not make a trial into a change.
std::optional<Error> refuse_parameters(const AdminRequest& request, Takes takes) {
  if (takes == Takes::anything) return std::nullopt;
  if (!request.repeated_parameter.empty()) {
    return Error{400, "the query parameter '" + request.repeated_parameter + "' is given twice",
                 "give it once"};
  }
  for (const auto& [name, value] : request.query) {
    if (name == "reason" && takes == Takes::dry_run_and_reason) continue;
    if (name != "dry_run" || takes == Takes::nothing) {
      return Error{400, "unknown query parameter '" + name + "'",
                   takes == Takes::nothing   ? "this path takes none"
                   : takes == Takes::dry_run ? "the only one is dry_run=true"
                                             : "there are dry_run=true and reason=…"};
    }
    constexpr std::array<std::string_view, 5> kValues{"", "true", "1", "false", "0"};
    if (std::ranges::find(kValues, value) == kValues.end()) {
      return Error{400, "dry_run is '" + value + "'", "write dry_run=true or dry_run=false"};
    }
  }
  return std::nullopt;
}

bool is_json(const std::string& content_type) {
  constexpr std::string_view kJson = "application/json";
  return content_type.substr(0, kJson.size()) == kJson &&
         (content_type.size() == kJson.size() || content_type[kJson.size()] == ';' ||
          content_type[kJson.size()] == ' ');
}

AdminResponse not_allowed(const AdminRequest& request, const std::string& allow) {
  AdminResponse response =
      problem({405, request.method + " is not possible on " + request.path, "use " + allow});
  response.headers.emplace_back("Allow", allow);
  return response;
}

}  // namespace

void answer(const AdminContext& context, const AdminRequest& request, const AdminReply& reply) {
  if (const auto error = refuse_ambiguous(request)) return reply(problem(*error));
  if (const auto error = refuse_foreign(request)) return reply(problem(*error));
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string allow;
  for (const Endpoint& endpoint : kEndpoints) {
    const auto name = match(endpoint.path, request.path);
    if (!name) continue;
    if (endpoint.method != method) {
      allow += (allow.empty() ? "" : ", ") + std::string(endpoint.method);
      if (endpoint.method == "GET") allow += ", HEAD";
      continue;
    }
    if ((method == "PUT" || method == "POST") && !is_json(request.content_type)) {
      return reply(
          problem({415, "changes are taken as JSON only", "send Content-Type: application/json"}));
    }
    if (const auto error = refuse_parameters(request, endpoint.takes)) {
      return reply(problem(*error));
    }
    return endpoint.handle(context, request, *name, reply);
  }
  if (!allow.empty()) return reply(not_allowed(request, allow));
  for (const std::string_view path : kLater) {
    if (!match(path, request.path)) continue;
    return reply(problem({501, request.path + " is not in this version", kWhatThereIs}));
  }
  reply(problem({404, "there is nothing at " + request.path, kWhatThereIs}));
}

}  // namespace ficus::control
