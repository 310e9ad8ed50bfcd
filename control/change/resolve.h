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
#include "control/change/tls_material.h"
#include "proxy/net/address.h"

namespace ficus::control {

// By the endpoint's text; each has at least one, in a fixed order, each once.
using Addresses = std::map<std::string, std::vector<proxy::SocketAddress>>;

// A configuration with the addresses of each endpoint, its rules in the form in which they are
// used, and the files of TLS. Immutable.
struct ResolvedConfig {
  config::Config config;
  Addresses addresses;
  std::shared_ptr<const CompiledRules> rules{};  // null: each snapshot makes its own
  TlsMaterial tls{};
  // Endpoints whose name could not be looked up, with the reason; they have the addresses that the
  // name stood for before.
  std::map<std::string, std::string> kept_names{};
};

struct ResolveOutcome {
  std::optional<ResolvedConfig> resolved;
  // Errors: a name that has no address, with what the resolver said; a file of TLS that cannot be
  // used. Warnings may come with a configuration: a name that kept its last addresses.
  config::Diagnostics diagnostics;
  std::size_t names_not_found = 0;  // so many of the errors are names
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

// What names stand for as far as is known; the ports do not matter.
using KnownNames = std::map<std::string, std::vector<proxy::SocketAddress>>;

// Looks every endpoint's name up, once, reads the files of TLS, and compiles the rules for that
// number of workers. A known name that cannot be found now keeps its addresses: a dead name server
// must not stand in the way of a move towards legacy. Not for the control thread.
ResolveOutcome resolve(config::Config config, std::size_t workers,
                       const LookUp& look_up_name = look_up, const KnownNames& known = {});

}  // namespace ficus::control
