#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "config/model.h"
#include "proxy/net/file_descriptor.h"

namespace ficus::proxy {

// The sockets of one address, one a worker, bound with SO_REUSEPORT and listening.
struct BoundAddress {
  std::string configured;  // "127.0.0.1:0"
  std::string bound;       // "127.0.0.1:40123"
  std::vector<FileDescriptor> sockets;
};

// Binds `listener` for `workers` workers. Gives a sentence about what failed otherwise. Refuses an
// address on which another process listens, even one that would share it.
std::variant<BoundAddress, std::string> bind_listener(const config::Listener& listener,
                                                      std::size_t workers);

}  // namespace ficus::proxy
