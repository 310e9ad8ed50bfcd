#include "control/change/resolve.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <utility>

namespace ficus::control {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// The first address of the name; what the resolver said otherwise.
std::string look_up(const config::EndpointUrl& url, proxy::SocketAddress& address) {
  if (const auto literal = proxy::SocketAddress::parse(url.host, url.port)) {
    address = *literal;
    return {};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int failed = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  if (failed == EAI_SYSTEM) return std::strerror(errno);
  if (failed != 0) return gai_strerror(failed);
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    address = proxy::SocketAddress(entry->ai_addr, entry->ai_addrlen);
    if (!address.empty()) return {};
  }
  return "it has neither an IPv4 nor an IPv6 address";
}

}  // namespace

ResolveOutcome resolve(config::Config config) {
  ResolveOutcome outcome;
  ResolvedConfig resolved;
  TlsOutcome tls = load_tls(config);
  resolved.tls = std::move(tls.material);
  outcome.diagnostics = std::move(tls.diagnostics);
  for (const config::Backend& backend : config.backends) {
    for (std::size_t i = 0; i < backend.endpoints.size(); ++i) {
      const config::EndpointUrl& url = backend.endpoints[i];
      if (resolved.addresses.count(url.text) != 0) continue;
      proxy::SocketAddress address;
      const std::string fault = look_up(url, address);
      if (fault.empty()) {
        resolved.addresses.emplace(url.text, address);
        continue;
      }
      outcome.diagnostics.push_back(
          {config::Severity::error, url.at,
           "backends." + backend.name + ".endpoints[" + std::to_string(i) + "]",
           "cannot find an address for '" + url.host + "': " + fault +
               "; write an address, or a name that this machine can resolve"});
    }
  }
  const bool failed = std::ranges::any_of(outcome.diagnostics, [](const auto& diagnostic) {
    return diagnostic.severity == config::Severity::error;
  });
  if (failed) return outcome;
  resolved.config = std::move(config);
  outcome.resolved = std::move(resolved);
  return outcome;
}

}  // namespace ficus::control
