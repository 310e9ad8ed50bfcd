#pragma once

#include <string>
#include <utility>

#include "config/model.h"
#include "proxy/net/address.h"
#include "proxy/net/buffers.h"
#include "proxy/net/socket.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

// The downstream end of a connection, lent to one exchange after another. Loop thread only.
struct Client {
  Client(EventLoop& loop, FileDescriptor fd, ReceiveArea& area, const SocketAddress& peer)
      : socket(loop, std::move(fd)), in(area), waiter(loop), address(peer), ip(peer.ip_text()) {
    socket.set_listener(&waiter);
  }

  Socket socket;
  ReadBuffer in;
  SendBuffer out;
  Waiter waiter;
  SocketAddress address;  // of the peer, or what its PROXY header said
  std::string ip;
  config::ListenerTimeouts timeouts;
  ListenerState* listener = nullptr;  // where it was accepted; outlives the connection
};

}  // namespace ficus::proxy
