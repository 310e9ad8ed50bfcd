#pragma once

#include <cerrno>
#include <sys/socket.h>

// What errors of the operating system say about this process and its machine, not about a peer.
// Any thread.
namespace ficus::proxy {

// No descriptor is left, for this process or the whole machine.
constexpr bool lacks_descriptor(int error) { return error == EMFILE || error == ENFILE; }

// Is a connection to an address of this family wanting in something of our own: a descriptor,
// memory, a port? Such an error says nothing about the server.
constexpr bool is_local_shortage(int error, int family) {
  // EADDRNOTAVAIL of IPv6 is a machine without it.
  if (error == EADDRNOTAVAIL) return family != AF_INET6;
  return lacks_descriptor(error) || error == ENOBUFS || error == ENOMEM;
}

}  // namespace ficus::proxy
