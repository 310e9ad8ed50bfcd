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
      return "the server refused the TLS handshake; it may want a client certificate, or another";
    default:
      return "the TLS handshake with the server failed";
  }
}

}  // namespace

// The connection ended before a whole head of an answer.
Error Exchange::lost_server() const {
  const TlsSession* tls = lease_->socket.tls();
  if (tls != nullptr && tls->refused_late()) {
    return {ErrorKind::tls_failure, Fault::upstream, RetrySafety::always, sentence(*tls)};
  }
  if (any_response_byte_) return cut_short();
  return {ErrorKind::reset, Fault::upstream,
          lease_->reused() ? RetrySafety::on_reused_connection : RetrySafety::never,
          "the server closed the connection without an answer"};
}

Error Exchange::cut_short() {
  return {ErrorKind::reset, Fault::upstream, RetrySafety::never,
          "the server closed the connection in the middle of its answer"};
}

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
