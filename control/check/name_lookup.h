#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/net/address.h"

namespace ficus::control {

// The addresses of endpoints by their text; without those that have none.
using AddressBook = std::map<std::string, std::vector<proxy::SocketAddress>>;

// Looks up the endpoints of all backends, several names at a time. What has no answer after
// `patience` is left out, as are unix sockets. Blocks; the threads that still wait for the name
// service end by themselves.
AddressBook look_up_endpoints(const config::Config& config, std::chrono::milliseconds patience);

}  // namespace ficus::control
