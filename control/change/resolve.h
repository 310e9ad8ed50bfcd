#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"
#include "control/change/compiled_rules.h"
#include "proxy/net/address.h"

namespace ficus::control {

// By the endpoint's text; each has at least one, in a fixed order, each once.
using Addresses = std::map<std::string, std::vector<proxy::SocketAddress>>;

// A configuration with the addresses of each endpoint, and its rules in the form in which they are
// used. Immutable.
struct ResolvedConfig {
  config::Config config;
  Addresses addresses;
  std::shared_ptr<const CompiledRules> rules{};  // null: each snapshot makes its own
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

// Looks every endpoint's name up, once, and compiles the rules for that number of workers. Not for
// the control thread.
ResolveOutcome resolve(config::Config config, std::size_t workers,
                       const LookUp& look_up_name = look_up);

}  // namespace ficus::control
