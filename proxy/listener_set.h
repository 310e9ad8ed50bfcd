#pragma once

#include <cstddef>
#include <cstdint>
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

// A listening socket that somebody opened for this process.
struct InheritedSocket {
  std::string address;  // "127.0.0.1:8080", as it is bound
  std::string name;     // that it was given; may be empty
  FileDescriptor fd;    // non-blocking
};

// The one of that address, or null.
const InheritedSocket* find_inherited(const std::vector<InheritedSocket>& sockets,
                                      const std::string& host, std::uint16_t port);

// `socket` for `workers` workers, who share its one queue.
std::variant<BoundAddress, std::string> share_inherited(const config::Listener& listener,
                                                        const InheritedSocket& socket,
                                                        std::size_t workers);

// Binds `listener` for `workers` workers. Gives a sentence about what failed otherwise. Refuses an
// address on which another process listens, even one that would share it.
std::variant<BoundAddress, std::string> bind_listener(const config::Listener& listener,
                                                      std::size_t workers);

}  // namespace ficus::proxy
