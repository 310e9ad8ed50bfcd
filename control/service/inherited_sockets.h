#pragma once

#include <string>
#include <vector>

#include "proxy/listener_set.h"

namespace ficus::control {

struct InheritedSockets {
  std::vector<proxy::InheritedSocket> sockets;
  std::vector<std::string> faults;  // descriptors that are no use, a sentence each
};

// The listening sockets that a service manager opened for this process: LISTEN_PID, LISTEN_FDS and
// LISTEN_FDNAMES (sd_listen_fds(3)). Takes the descriptors over and removes the variables. Once, at
// the start, before anything else opens descriptors or begins threads.
InheritedSockets take_inherited_sockets();

}  // namespace ficus::control
