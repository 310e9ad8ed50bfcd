// How a client's connection begins: the PROXY header, and whether there is room for it.
#include <cerrno>
#include <ctime>
#include <sys/socket.h>

#include "proxy/downstream/connection.h"
#include "proxy/downstream/proxy_header.h"
#include "proxy/http/local_reply.h"

namespace ficus::proxy {
namespace {

// When to come again. Whoever is over a limit knows nothing better, and a load balancer has other
// machines to try.
constexpr std::uint32_t kRetryAfterSeconds = 1;
constexpr std::size_t kDiscarded = 16 * 1024;

}  // namespace

void write_shed_reply(ShedReason reason, http::HeadBuffer& out) {
  http::LocalReply reply;
  reply.close = true;
  reply.date = std::time(nullptr);
  reply.retry_after_seconds = kRetryAfterSeconds;
  if (reason == ShedReason::max_connections_per_client) {
    reply.status = 429;
    reply.detail = "this client has as many connections as one client may have";
  } else {
    reply.status = 503;
    reply.detail = "the proxy has as many connections as it may have";
  }
  http::write_local_reply(reply, http::ReplyFormat::problem_json, out);
}

void send_shed_reply(int fd, ShedReason reason, http::HeadBuffer& scratch) {
  scratch.clear();
  write_shed_reply(reason, scratch);
  ::send(fd, scratch.data(), scratch.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
  char discarded[kDiscarded];
  ::recv(fd, discarded, sizeof discarded, MSG_DONTWAIT);
}

void Connection::count_preamble(BadPreamble fault) {
  cells().proxy_headers_refused[static_cast<std::size_t>(fault)].add();
}

// Looks before it takes: what follows the header may be a TLS handshake, of which no byte may be
// read here.
Connection::Preamble Connection::take_proxy_header() {
  char bytes[kProxyV2Max];
  const ssize_t got = ::recv(client_.socket.fd(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Preamble::incomplete;
  if (got <= 0) {
    // A load balancer that only looks whether the port is open sends nothing.
    return Preamble::refused;
  }
  const ProxyHeader header =
      parse_proxy_header({bytes, static_cast<std::size_t>(got)}, proxy_protocol_);
  switch (header.status) {
    case ProxyHeader::Status::incomplete:
      if (!client_.socket.peer_ended()) return Preamble::incomplete;
      count_preamble(BadPreamble::cut);
      return Preamble::refused;
    case ProxyHeader::Status::fault:
      count_preamble(BadPreamble::malformed);
      return Preamble::refused;
    case ProxyHeader::Status::complete:
      break;
  }
  ::recv(client_.socket.fd(), bytes, header.size, MSG_DONTWAIT);
  if (!header.source.empty()) {
    client_.address = header.source;
    client_.ip = header.source.ip_text();
  }
  return Preamble::complete;
}

// False: the connection is over. Nothing is answered: who does not speak the protocol that was
// agreed upon may not speak HTTP either.
Task<bool> Connection::read_proxy_header() {
  const ListenerSettings* listener = context_.listener(client_.listener);
  if (listener != nullptr && !listener->trusted_proxies.empty() &&
      !listener->trusted_proxies.contains(client_.address)) {
    count_preamble(BadPreamble::untrusted);
    co_return false;
  }
  const SteadyTime limit = context_.loop.now() + client_.timeouts.request_head;
  for (;;) {
    if (client_.socket.readable()) {
      const Preamble preamble = take_proxy_header();
      if (preamble != Preamble::incomplete) co_return preamble == Preamble::complete;
    }
    if (client_.socket.broken() || ends_idle()) co_return false;
    const bool expired = co_await client_.waiter.until(patience(limit));
    if (!expired || context_.loop.now() < limit) continue;
    count_preamble(BadPreamble::timeout);
    co_return false;
  }
}

// The connections of a trusted proxy carry many clients: they are not counted against one.
void Connection::admit_client() {
  const std::uint32_t limit = context_.snapshot->limits.max_connections_per_client;
  if (limit == 0) return;
  const ListenerSettings* listener = context_.listener(client_.listener);
  if (listener != nullptr && listener->trusted_proxies.contains(client_.address)) return;
  client_counted_ = context_.connection_counts.take_client(client_.address.ip_hash(), limit);
  if (client_counted_) return;
  over_ = ShedReason::max_connections_per_client;
  ++context_.turned_away;
  cells().shed[static_cast<std::size_t>(*over_)].add();
  cells().connections_open.subtract();
  context_.connection_counts.give_back();
}

}  // namespace ficus::proxy
