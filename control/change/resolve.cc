#include "control/change/resolve.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <utility>

namespace ficus::control {
namespace {

constexpr std::size_t kMostAddresses = 256;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool is_before(const proxy::SocketAddress& a, const proxy::SocketAddress& b) {
  return a.ip_bytes() < b.ip_bytes();
}

// What needs no resolver; empty for a name.
FoundAddresses literal(const config::EndpointUrl& url) {
  if (url.scheme == config::EndpointScheme::unix_socket) {
    return {{proxy::SocketAddress::unix_path(url.host)}, {}};
  }
  if (const auto address = proxy::SocketAddress::parse(url.host, url.port)) return {{*address}, {}};
  return {};
}

// The same machines, at the port of another endpoint.
std::vector<proxy::SocketAddress> at_port(const std::vector<proxy::SocketAddress>& addresses,
                                          std::uint16_t port) {
  std::vector<proxy::SocketAddress> moved;
  for (const proxy::SocketAddress& address : addresses) {
    const auto same = proxy::SocketAddress::parse(address.ip_text(), port);
    if (same) moved.push_back(*same);
  }
  return moved;
}

// Of the config's endpoints, each text once.
class NameResolver {
 public:
  NameResolver(const LookUp& look_up_name, const KnownNames& known, ResolvedConfig& resolved)
      : look_up_(look_up_name), known_(known), resolved_(resolved) {}

  // Empty, or an error; or a warning, where the last addresses are kept.
  std::optional<config::Diagnostic> resolve(const config::EndpointUrl& url, std::string key) {
    if (resolved_.addresses.count(url.text) != 0) return std::nullopt;
    FoundAddresses found = literal(url);
    if (found.addresses.empty()) found = look_up_once(url);
    if (found.fault.empty()) {
      resolved_.addresses.emplace(url.text, std::move(found.addresses));
      return std::nullopt;
    }
    const std::string what = "cannot find an address for '" + url.host + "': " + found.fault;
    const auto last = known_.find(url.host);
    if (last == known_.end()) {
      return config::Diagnostic{
          config::Severity::error, url.at, std::move(key),
          what + "; write an address, or a name that this machine can resolve"};
    }
    resolved_.addresses.emplace(url.text, at_port(last->second, url.port));
    resolved_.kept_names.emplace(url.text, found.fault);
    return config::Diagnostic{config::Severity::warning, url.at, std::move(key),
                              what + "; its last addresses stay in use"};
  }

 private:
  // A name server that is silent is waited for once a name, not once an endpoint.
  FoundAddresses look_up_once(const config::EndpointUrl& url) {
    const auto lost = lost_.find(url.host);
    if (lost != lost_.end()) return {{}, lost->second};
    FoundAddresses found = look_up_(url);
    if (!found.fault.empty()) lost_.emplace(url.host, found.fault);
    return found;
  }

  const LookUp& look_up_;
  const KnownNames& known_;
  ResolvedConfig& resolved_;
  std::map<std::string, std::string> lost_;  // why, by host
};

}  // namespace

bool has_name(const config::EndpointUrl& url) { return literal(url).addresses.empty(); }

FoundAddresses look_up(const config::EndpointUrl& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  // No IPv6 addresses on a machine that has no IPv6, and the other way round.
  hints.ai_flags = AI_NUMERICSERV;
  // The loopback has both; a server may listen on either.
  if (url.host != "localhost") hints.ai_flags |= AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  const int failed = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  if (failed == EAI_SYSTEM) return {{}, std::strerror(errno)};
  if (failed != 0) return {{}, gai_strerror(failed)};
  FoundAddresses found;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    const proxy::SocketAddress address(entry->ai_addr, entry->ai_addrlen);
    if (!address.empty()) found.addresses.push_back(address);
  }
  if (found.addresses.empty()) return {{}, "it has neither an IPv4 nor an IPv6 address"};
  auto& all = found.addresses;
  std::sort(all.begin(), all.end(), is_before);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() > kMostAddresses) all.resize(kMostAddresses);
  return found;
}

ResolveOutcome resolve(config::Config config, std::size_t workers, const LookUp& look_up_name,
                       const KnownNames& known) {
  ResolveOutcome outcome;
  ResolvedConfig resolved;
  TlsOutcome tls = load_tls(config);
  resolved.tls = std::move(tls.material);
  outcome.diagnostics = std::move(tls.diagnostics);
  NameResolver names(look_up_name, known, resolved);
  for (const config::Backend& backend : config.backends) {
    for (std::size_t i = 0; i < backend.endpoints.size(); ++i) {
      auto fault = names.resolve(backend.endpoints[i], "backends." + backend.name + ".endpoints[" +
                                                           std::to_string(i) + "]");
      if (!fault) continue;
      if (fault->severity == config::Severity::error) ++outcome.names_not_found;
      outcome.diagnostics.push_back(std::move(*fault));
    }
  }
  const bool failed = std::ranges::any_of(outcome.diagnostics, [](const auto& diagnostic) {
    return diagnostic.severity == config::Severity::error;
  });
  if (failed) return outcome;
  resolved.config = std::move(config);
  resolved.rules = compile_rules(resolved.config, workers);
  outcome.resolved = std::move(resolved);
  return outcome;
}

}  // namespace ficus::control
