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

ResolveOutcome resolve(config::Config config, std::size_t workers, const LookUp& look_up_name) {
  ResolveOutcome outcome;
  ResolvedConfig resolved;
  for (const config::Backend& backend : config.backends) {
    for (std::size_t i = 0; i < backend.endpoints.size(); ++i) {
      const config::EndpointUrl& url = backend.endpoints[i];
      if (resolved.addresses.count(url.text) != 0) continue;
      FoundAddresses found = literal(url);
      if (found.addresses.empty()) found = look_up_name(url);
      if (found.fault.empty()) {
        resolved.addresses.emplace(url.text, std::move(found.addresses));
        continue;
      }
      outcome.diagnostics.push_back(
          {config::Severity::error, url.at,
           "backends." + backend.name + ".endpoints[" + std::to_string(i) + "]",
           "cannot find an address for '" + url.host + "': " + found.fault +
               "; write an address, or a name that this machine can resolve"});
    }
  }
  if (!outcome.diagnostics.empty()) return outcome;
  resolved.config = std::move(config);
  resolved.rules = compile_rules(resolved.config, workers);
  outcome.resolved = std::move(resolved);
  return outcome;
}

}  // namespace ficus::control
