#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"
#include "proxy/net/address.h"

namespace ficus::control {

// By the endpoint's text; each has at least one, in a fixed order, each once.
using Addresses = std::map<std::string, std::vector<proxy::SocketAddress>>;

// A configuration with the addresses of each endpoint. Immutable.
struct ResolvedConfig {
  config::Config config;
  Addresses addresses;
};

struct ResolveOutcome {
  std::optional<ResolvedConfig> resolved;
  config::Diagnostics diagnostics;  // a name that has no address, with what the resolver said
};

// What a name stands for, or why that is not known.
struct FoundAddresses {
  std::vector<proxy::SocketAddress> addresses;
  std::string fault;  // empty: found
};

// Blocks as long as it takes; any thread.
using LookUp = std::function<FoundAddresses(const config::EndpointUrl& url)>;

// All addresses of a host name, IPv4 and IPv6, as getaddrinfo gives them: sorted, so that an answer
// in another order is the same answer, and at most 256.
FoundAddresses look_up(const config::EndpointUrl& url);

// Does the endpoint have a name, which may come to stand for something else?
bool has_name(const config::EndpointUrl& url);

// Looks every endpoint's name up, once. Not for the control thread.
ResolveOutcome resolve(config::Config config, const LookUp& look_up_name = look_up);

}  // namespace ficus::control
