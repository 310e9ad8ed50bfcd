#include "proxy/client_identity.h"

#include "proxy/http/hop_fields.h"

namespace ficus::proxy {
namespace {

using XForwarded = config::Forwarding::XForwarded;
using Forwarded = config::Forwarding::Forwarded;

// The rightmost address that is not a trusted proxy's, from the peer outwards. If all are, the
// outermost of them; beyond what is malformed nothing is believed.
SocketAddress rightmost_untrusted(const http::RequestHead& head, const SocketAddress& peer,
                                  const CidrSet& trusted) {
  SocketAddress address = peer;
  http::HopList hops(head);
  while (trusted.contains(address) && hops.next(address)) continue;
  return address;
}

// Of a list the first counts: proxies on the way add their own at its end. Empty: neither scheme.
std::string_view told_scheme(const http::RequestHead& head) {
  if (!head.fields.has(http::HeaderId::x_forwarded_proto)) return {};
  for (const http::Field& field : head.fields) {
    if (field.id != http::HeaderId::x_forwarded_proto || field.dropped) continue;
    std::string_view scheme = head.value(field);
    scheme = scheme.substr(0, scheme.find(','));
    scheme = scheme.substr(0, scheme.find_last_not_of(" \t") + 1);
    for (const std::string_view known : {"https", "http"}) {
      if (http::equals_ignoring_case(scheme, known)) return known;
    }
    break;
  }
  return {};
}

}  // namespace

bool judges_peers(const ListenerSettings& listener) {
  return !listener.trusted_proxies.empty() ||
         listener.forwarding.x_forwarded != XForwarded::automatic ||
         listener.forwarding.forwarded != Forwarded::automatic;
}

ClientIdentity identify_client(const ListenerSettings& listener, const SocketAddress& peer,
                               http::RequestHead& head) {
  ClientIdentity identity;
  const config::Forwarding& terms = listener.forwarding;
  const bool judged = !listener.trusted_proxies.empty();
  const bool trusted = judged && listener.trusted_proxies.contains(peer);
  if (trusted && (head.fields.has(http::HeaderId::x_forwarded_for) ||
                  head.fields.has(http::HeaderId::forwarded))) {
    identity.address = rightmost_untrusted(head, peer, listener.trusted_proxies);
  }
  if (terms.x_forwarded == XForwarded::off) {
    identity.x_forwarded = http::HopField::leave;
  } else if (terms.x_forwarded == XForwarded::replace || (judged && !trusted)) {
    http::drop_x_forwarded(head);
  }
  if (terms.forwarded == Forwarded::off) return identity;
  if (judged && !trusted) http::drop_forwarded(head);
  const bool adds = trusted || terms.forwarded == Forwarded::add;
  if (adds && !http::has_sound_forwarded(head)) http::drop_forwarded(head);
  if (terms.forwarded == Forwarded::add) {
    identity.forwarded = http::HopField::add;
  } else if (trusted) {
    identity.forwarded = http::HopField::append_if_present;
  }
  return identity;
}

std::string_view client_scheme(const ListenerSettings* listener, const Client& client,
                               const http::RequestHead& head) {
  if (listener != nullptr && listener->trusted_proxies.contains(client.address)) {
    const std::string_view told = told_scheme(head);
    if (!told.empty()) return told;
  }
  return client.socket.tls() != nullptr ? "https" : "http";
}

}  // namespace ficus::proxy
