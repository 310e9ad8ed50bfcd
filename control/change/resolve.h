#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/diagnostic.h"
#include "config/model.h"
#include "control/change/tls_material.h"
#include "proxy/net/address.h"

namespace ficus::control {

// A configuration with what it names outside itself: an address for each endpoint, by the
// endpoint's text, and the files of TLS. Immutable.
struct ResolvedConfig {
  config::Config config;
  std::map<std::string, proxy::SocketAddress> addresses;
  TlsMaterial tls;
};

struct ResolveOutcome {
  std::optional<ResolvedConfig> resolved;
  // Errors: a name that has no address, with what the resolver said; a file of TLS that cannot be
  // used. Warnings may come with a configuration.
  config::Diagnostics diagnostics;
};

// Looks every endpoint's name up, once; the first address of a name is used. Reads the files of
// TLS. Blocks as long as the resolver and the disk do: not for the control thread.
ResolveOutcome resolve(config::Config config);

}  // namespace ficus::control
