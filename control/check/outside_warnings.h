#pragma once

#include <chrono>

#include "config/diagnostic.h"
#include "config/loader.h"
#include "config/model.h"
#include "control/check/name_lookup.h"

namespace ficus::control {

// W14: certificates of listeners and backends that end within 21 days of `now`, or have ended. What
// cannot be read is left to who uses it. Reads the files.
config::Diagnostics certificate_warnings(const config::Config& config,
                                         std::chrono::system_clock::time_point now);

// W15: routes whose two sides share an endpoint, unless a rewrite or the TLS name tells them apart.
config::Diagnostics same_address_warnings(const config::Config& config, const AddressBook& book);

// All that is to be said about a sound configuration, the allowed aside. Waits for the name service
// at most `patience`.
config::Diagnostics all_warnings(const config::Config& config, const config::Advice& advice,
                                 std::chrono::milliseconds patience);

}  // namespace ficus::control
