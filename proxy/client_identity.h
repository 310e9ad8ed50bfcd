#pragma once

#include <string_view>

#include "proxy/client.h"
#include "proxy/http/head_writer.h"
#include "proxy/net/address.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

// Who asks, and what backends are told about the way here.
struct ClientIdentity {
  SocketAddress address;  // empty: the peer is the client
  http::HopField x_forwarded = http::HopField::add;
  http::HopField forwarded = http::HopField::leave;
};

// Does the listener leave any room for a peer's words? If not, identify_client() says what is so
// by default.
bool judges_peers(const ListenerSettings& listener);

// Applies the listener's trusted_proxies and forwarding to a request of that peer, and drops the
// fields that are not believed (docs/decisions/forwarding-headers.md).
ClientIdentity identify_client(const ListenerSettings& listener, const SocketAddress& peer,
                               http::RequestHead& head);

// "http" or "https": how the client came. What a trusted peer says in X-Forwarded-Proto, if
// identify_client() left it in place; else what the connection speaks. `listener` may be null.
std::string_view client_scheme(const ListenerSettings* listener, const Client& client,
                               const http::RequestHead& head);

}  // namespace ficus::proxy
