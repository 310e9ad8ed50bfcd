#include "control/check/probe.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "control/change/tls_material.h"
#include "control/check/name_lookup.h"
#include "control/check/probe_call.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
using config::Diagnostic;
using config::Severity;
using std::chrono::milliseconds;

constexpr milliseconds kLookUpPatience{3'000};
constexpr milliseconds kAllTogether{20'000};  // later none is begun
constexpr std::size_t kAtATime = 32;

// All calls, several at a time; the answers in the order of the calls.
std::vector<ProbeAnswer> ask_all(const std::vector<ProbeCall>& calls) {
  std::vector<ProbeAnswer> answers(calls.size());
  std::size_t next = 0;
  const auto until = std::chrono::steady_clock::now() + kAllTogether;
  const auto lane = [&]() -> asio::awaitable<void> {
    while (next < calls.size()) {
      const std::size_t mine = next++;
      if (std::chrono::steady_clock::now() >= until) {
        answers[mine].failure = "was not asked: the time for all probes was over";
        continue;
      }
      answers[mine] = co_await ask(calls[mine]);
    }
  };
  asio::io_context loop;
  for (std::size_t i = 0; i < std::min(calls.size(), kAtATime); ++i) {
    asio::co_spawn(loop, lane(), asio::detached);
  }
  loop.run();
  return answers;
}

std::string host_of(const config::EndpointUrl& url) {
  if (url.scheme == config::EndpointScheme::unix_socket) return "localhost";
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + url.host + "]" : url.host;
  const int usual = url.scheme == config::EndpointScheme::https ? 443 : 80;
  return url.port == usual ? host : host + ":" + std::to_string(url.port);
}

std::string answer_text(const ProbeAnswer& answer) {
  if (!answer.failure.empty()) return answer.failure;
  return std::to_string(answer.status) + (answer.media_type.empty() ? "" : " " + answer.media_type);
}

class Prober {
 public:
  explicit Prober(const config::Config& config)
      : config_(config),
        addresses_(look_up_endpoints(config, kLookUpPatience)),
        tls_(load_tls(config).material.backends) {}

  ProbeReport run() && {
    probe_endpoints();
    probe_routes();
    return std::move(report_);
  }

 private:
  ProbeCall call_to(const config::Backend& backend, const config::EndpointUrl& url) const {
    ProbeCall call;
    call.url = url;
    call.backend = &backend;
    call.host = host_of(url);
    const auto found = addresses_.find(url.text);
    if (found != addresses_.end()) call.addresses = found->second;
    const auto tls = tls_.find(backend.name);
    if (tls != tls_.end()) call.tls = tls->second;
    return call;
  }

  void warn(const config::Location& at, std::string key, std::string message) {
    report_.problems.push_back(
        {Severity::warning, at, std::move(key), "probe: " + std::move(message)});
  }

  void probe_endpoints() {
    std::vector<ProbeCall> calls;
    for (const config::Backend& backend : config_.backends) {
      for (const config::EndpointUrl& url : backend.endpoints) {
        ProbeCall call = call_to(backend, url);
        if (backend.health_check && !backend.health_check->path.empty()) {
          call.method = "GET";
          call.target = backend.health_check->path;
        }
        calls.push_back(std::move(call));
      }
    }
    const std::vector<ProbeAnswer> answers = ask_all(calls);
    for (std::size_t i = 0; i < calls.size(); ++i) tell_endpoint(calls[i], answers[i]);
  }

  void tell_endpoint(const ProbeCall& call, const ProbeAnswer& answer) {
    const config::Backend& backend = *call.backend;
    std::string line = backend.name + "  " + call.url.text + "  " + call.method + " " +
                       call.target + ": " + answer_text(answer);
    if (answer.failure.empty()) line += " in " + std::to_string(answer.time.count()) + " ms";
    if (!answer.tls.empty()) line += ", " + answer.tls;
    report_.lines.push_back(std::move(line));
    const auto same =
        std::find_if(backend.endpoints.begin(), backend.endpoints.end(),
                     [&](const config::EndpointUrl& url) { return url.text == call.url.text; });
    const std::string key = "backends." + backend.name + ".endpoints[" +
                            std::to_string(same - backend.endpoints.begin()) + "]";
    if (!answer.failure.empty()) {
      const bool distrusted = answer.failure.find("certificate") != std::string::npos;
      return warn(call.url.at, key,
                  answer.failure +
                      (distrusted ? "; renew it, or mend the backend's tls.ca and tls.server_name"
                                  : "; start the server, or mend its address"));
    }
    reachable_.try_emplace(backend.name, call.url);
    const bool is_checked = call.method == "GET";
    if (is_checked && (answer.status < 200 || answer.status >= 400)) {
      warn(call.url.at, key,
           "answers " + std::to_string(answer.status) + " to its health check, GET " + call.target +
               ", and would get no traffic; mend the path or the server");
    } else if (!is_checked && answer.status >= 500 && answer.status != 501) {
      warn(call.url.at, key, "answers " + std::to_string(answer.status) + " to HEAD /");
    }
  }

  // The GET that a client would send for a route. nullopt: none is known for sure to fit.
  static std::optional<ProbeCall> request_for(const config::Match& match) {
    const std::vector<std::string>& methods = match.methods;
    const bool takes_get =
        methods.empty() || std::find(methods.begin(), methods.end(), "GET") != methods.end();
    if (!takes_get || match.path_regex) return std::nullopt;
    ProbeCall call;
    call.method = "GET";
    call.target = match.path ? *match.path : match.path_prefix.value_or("/");
    for (const config::HeaderCondition& header : match.headers) {
      if (header.value_is_regex) return std::nullopt;
      call.headers.push_back({header.name, header.value});
    }
    if (!match.hosts.empty()) {
      const std::string& host = match.hosts.front();
      call.host = host.starts_with("*.") ? "www" + host.substr(1) : host;
    }
    return call;
  }

  // As it would be sent to one side.
  ProbeCall for_side(const ProbeCall& request, const std::string& backend,
                     const std::optional<config::Rewrite>& rewrite) const {
    const auto found = std::find_if(config_.backends.begin(), config_.backends.end(),
                                    [&](const config::Backend& b) { return b.name == backend; });
    ProbeCall call = call_to(*found, reachable_.at(backend));
    call.method = request.method;
    call.target = request.target;
    call.headers = request.headers;
    if (!request.host.empty()) call.host = request.host;
    if (!rewrite) return call;
    if (rewrite->path_prefix) call.target = *rewrite->path_prefix;
    if (rewrite->host) call.host = *rewrite->host;
    call.headers.insert(call.headers.end(), rewrite->set_headers.begin(),
                        rewrite->set_headers.end());
    return call;
  }

  struct Compared {
    const config::Route* route = nullptr;
    std::string key;
    std::string request;  // "GET /shop"
  };

  void probe_routes() {
    std::vector<Compared> routes;
    std::vector<ProbeCall> calls;  // two a route: legacy, new
    std::map<std::string, std::size_t> numbers;
    std::size_t left_out = 0;
    for (const config::Route& route : config_.routes) {
      std::string key = "routes[" + std::to_string(numbers[route.at.file]++) + "]";
      if (!route.legacy || !route.fresh) continue;
      if (reachable_.count(*route.legacy) == 0 || reachable_.count(*route.fresh) == 0) continue;
      const std::optional<ProbeCall> request = request_for(route.match);
      if (!request || routes.size() == kMostProbedRoutes) {
        ++left_out;
        continue;
      }
      calls.push_back(for_side(*request, *route.legacy, route.rewrite_legacy));
      calls.push_back(for_side(*request, *route.fresh, route.rewrite_fresh));
      routes.push_back({&route, std::move(key), "GET " + request->target});
    }
    const std::vector<ProbeAnswer> answers = ask_all(calls);
    for (std::size_t i = 0; i < routes.size(); ++i) {
      tell_route(routes[i], answers[2 * i], answers[2 * i + 1]);
    }
    if (left_out > 0) {
      report_.lines.push_back(std::to_string(left_out) +
                              " routes with both sides were not compared: no GET is known to fit "
                              "them, or they are past the first " +
                              std::to_string(kMostProbedRoutes));
    }
  }

  void tell_route(const Compared& compared, const ProbeAnswer& legacy, const ProbeAnswer& fresh) {
    const std::string both = "legacy " + answer_text(legacy) + ", new " + answer_text(fresh);
    report_.lines.push_back("route " + compared.route->name + "  " + compared.request + ": " +
                            both);
    const bool are_same = legacy.failure.empty() && fresh.failure.empty() &&
                          legacy.status == fresh.status && legacy.media_type == fresh.media_type;
    if (are_same) return;
    warn(compared.route->at, compared.key, compared.request + " is answered differently: " + both);
  }

  const config::Config& config_;
  const AddressBook addresses_;
  const std::map<std::string, std::shared_ptr<const proxy::TlsClient>> tls_;  // by backend
  std::map<std::string, config::EndpointUrl> reachable_;  // by backend: the first that answered
  ProbeReport report_;
};

}  // namespace

ProbeReport probe(const config::Config& config) { return Prober(config).run(); }

}  // namespace ficus::control
