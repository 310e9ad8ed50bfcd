#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/diagnostic.h"
#include "config/model.h"
#include "proxy/net/address.h"

namespace ficus::control {

// A configuration with an address for each endpoint, by the endpoint's text. Immutable.
struct ResolvedConfig {
  config::Config config;
  std::map<std::string, proxy::SocketAddress> addresses;
};

struct ResolveOutcome {
  std::optional<ResolvedConfig> resolved;
  config::Diagnostics diagnostics;  // a name that has no address, with what the resolver said
};

// Looks every endpoint's name up, once; the first address of a name is used. Blocks as long as the
// resolver does: not for the control thread.
ResolveOutcome resolve(config::Config config);

}  // namespace ficus::control
