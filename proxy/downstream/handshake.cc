// The beginning of a client's connection that speaks TLS.
#include "proxy/downstream/connection.h"
#include "proxy/http/local_reply.h"

namespace ficus::proxy {
namespace {

HandshakeFailure reason_of(TlsSession::Failure failure) {
  switch (failure) {
    case TlsSession::Failure::closed:
      return HandshakeFailure::closed;
    case TlsSession::Failure::plain_text:
      return HandshakeFailure::plain_http;
    case TlsSession::Failure::no_agreement:
      return HandshakeFailure::no_agreement;
    case TlsSession::Failure::refused:
      return HandshakeFailure::refused;
    default:
      return HandshakeFailure::malformed;
  }
}

}  // namespace

Task<bool> Connection::shake_hands() {
  client_.socket.start_tls(tls_->accept(context_.tls));
  tls_.reset();
  TlsSession& tls = *client_.socket.tls();
  tls.unread(client_.in.view());
  client_.in.clear();
  const SteadyTime limit = context_.loop.now() + client_.timeouts.tls_handshake;
  for (;;) {
    const TlsSession::Handshake state = tls.handshake();
    if (state == TlsSession::Handshake::done) co_return true;
    if (state == TlsSession::Handshake::failed) {
      co_await fail_handshake(reason_of(tls.failure()));
      co_return false;
    }
    if (client_.socket.broken()) {
      co_await fail_handshake(HandshakeFailure::closed);
      co_return false;
    }
    const SteadyTime due = tls.heard() ? limit : patience(limit);
    const bool expired = co_await client_.waiter.until(due) && context_.loop.now() >= limit;
    // A hello of which no edge has told yet is an answer to wait for.
    const bool leave = context_.draining && !tls.heard() &&
                       context_.loop.now() >= first_bytes_due_ && !client_.socket.look();
    if (expired) co_await fail_handshake(HandshakeFailure::timeout);
    if (expired || leave) co_return false;
  }
}

// Who connects and leaves without a word (a probe of the port) is no failure.
Task<void> Connection::fail_handshake(HandshakeFailure why) {
  if (why == HandshakeFailure::closed && !client_.socket.tls()->heard()) co_return;
  cells().handshake_failures[static_cast<std::size_t>(why)].add();
  if (why != HandshakeFailure::plain_http) co_return;
  client_.socket.drop_tls();
  http::LocalReply reply;
  reply.status = 400;
  reply.detail = "this port speaks HTTPS, and a plain HTTP request came: use https://";
  reply.close = true;
  context_.head.clear();
  http::write_local_reply(reply, http::ReplyFormat::text, context_.head);
  const iovec part{context_.head.data(), context_.head.size()};
  client_.out.send(client_.socket, &part, 1);
  if (co_await flush()) co_await linger();
}

}  // namespace ficus::proxy
