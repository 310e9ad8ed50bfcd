#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/diagnostic.h"
#include "config/model.h"
#include "control/change/compiled_rules.h"
#include "proxy/net/address.h"

namespace ficus::control {

// A configuration with an address for each endpoint, by the endpoint's text, and its rules in the
// form in which they are used. Immutable.
struct ResolvedConfig {
  config::Config config;
  std::map<std::string, proxy::SocketAddress> addresses;
  std::shared_ptr<const CompiledRules> rules{};  // null: each snapshot makes its own
};

struct ResolveOutcome {
  std::optional<ResolvedConfig> resolved;
  config::Diagnostics diagnostics;  // a name that has no address, with what the resolver said
};

// Looks every endpoint's name up, once; the first address of a name is used. Blocks as long as the
// resolver does: not for the control thread. The rules are compiled for that number of workers.
ResolveOutcome resolve(config::Config config, std::size_t workers);

}  // namespace ficus::control
