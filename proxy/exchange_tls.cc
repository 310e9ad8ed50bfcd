// TLS towards a server, between connecting and the first byte of a request.
#include "proxy/exchange.h"

namespace ficus::proxy {
namespace {

std::string_view sentence(const TlsSession& tls) {
  switch (tls.failure()) {
    case TlsSession::Failure::certificate:
      return tls.verify_detail();
    case TlsSession::Failure::closed:
      return "the server closed the connection during the TLS handshake";
    case TlsSession::Failure::plain_text:
      return "the server does not speak TLS on this port";
    case TlsSession::Failure::no_agreement:
      return "the server and the proxy have no TLS version or cipher in common";
    case TlsSession::Failure::refused:
      return "the server refused the TLS handshake; it may want a client certificate";
    default:
      return "the TLS handshake with the server failed";
  }
}

}  // namespace

Task<Error> Exchange::secure(EndpointState& endpoint, SteadyTime limit) {
  Socket& socket = lease_->socket;
  socket.start_tls(backend().tls->connect(endpoint.tls_name, context_.tls,
                                          endpoint.tls_sessions[context_.index]));
  for (;;) {
    const TlsSession::Handshake state = socket.tls()->handshake();
    if (state == TlsSession::Handshake::done) co_return Error{};
    if (state == TlsSession::Handshake::failed) {
      const std::string_view detail = sentence(*socket.tls());
      lease_.discard();
      co_return Error{ErrorKind::tls_failure, Fault::upstream, RetrySafety::always, detail};
    }
    client_->in.keep();
    const bool expired = co_await client_->waiter.until(limit);
    if (client_->socket.broken()) {
      lease_.discard();
      co_return Error{ErrorKind::client_abort, Fault::downstream, RetrySafety::never, {}};
    }
    if (expired) {
      lease_.discard();
      if (now() >= exchange_limit()) co_return exchange_too_long();
      co_return Error{ErrorKind::connect_timeout, Fault::upstream, RetrySafety::always,
                      "the server did not finish the TLS handshake in time"};
    }
  }
}

}  // namespace ficus::proxy
