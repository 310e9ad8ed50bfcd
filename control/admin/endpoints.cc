#include "control/admin/endpoints.h"

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

struct Endpoint {
  std::string_view method;
  std::string_view path;  // {name} stands for one segment
  Handler handle;
};

constexpr std::array<Endpoint, 12> kEndpoints{{
    {"GET", "/api/v1/status", get_status},
    {"GET", "/api/v1/routes", get_routes},
    {"GET", "/api/v1/routes/{name}", get_route},
    {"PUT", "/api/v1/routes/{name}/weight", put_weight},
    {"DELETE", "/api/v1/routes/{name}/weight", delete_weight},
    {"POST", "/api/v1/routes/{name}/rollback", post_rollback},
    {"POST", "/api/v1/routes/{name}/rearm", post_rearm},
    {"POST", "/api/v1/rollback", post_rollback_all},
    {"GET", "/api/v1/backends/{name}/tolerated", get_tolerated},
    {"GET", "/metrics", get_metrics},
    {"GET", "/livez", get_livez},
    {"GET", "/readyz", get_readyz},
}};

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

std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

// An address, not a name that begins like one: 127.evil.example is somebody's.
bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
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
    return endpoint.handle(context, request, *name, reply);
  }
  if (!allow.empty()) return reply(not_allowed(request, allow));
  reply(problem({404, "there is nothing at " + request.path, "docs/admin-api.md lists what is"}));
}

}  // namespace ficus::control
