#include "proxy/net/tls_session.h"

#include <algorithm>
#include <cstring>

#include <openssl/err.h>

#include "proxy/net/socket.h"
#include "proxy/net/tls_verify.h"
#include "proxy/net/tls_wire.h"

namespace ficus::proxy {
namespace {

// OpenSSL judges a call by its thread's error queue: what is left there would be blamed on it.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

TlsSession::Failure failure_of(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return TlsSession::Failure::malformed;
  const int reason = ERR_GET_REASON(error);
  // OpenSSL numbers the alerts that it received from here on.
  if (reason >= SSL_AD_REASON_OFFSET) return TlsSession::Failure::refused;
  switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return TlsSession::Failure::closed;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return TlsSession::Failure::certificate;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
      return TlsSession::Failure::no_agreement;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return TlsSession::Failure::plain_text;
    default:
      return TlsSession::Failure::malformed;
  }
}

// Alerts by which a server ends a handshake: our certificate, or what was negotiated. The others
// may come after it has read a request.
bool ends_handshake(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_INSUFFICIENT_SECURITY:
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

void TlsClientSessions::keep(SslSessionPtr session) {
  if (count_ == kKept) {
    std::move(kept_.begin() + 1, kept_.end(), kept_.begin());
    --count_;
  }
  kept_[count_++] = std::move(session);
}

SslSessionPtr TlsClientSessions::take() {
  while (count_ > 0) {
    SSL_SESSION* newest = kept_[count_ - 1].get();
    if (SSL_SESSION_is_resumable(newest) == 0) {
      kept_[--count_].reset();
      continue;
    }
    if (SSL_SESSION_get_protocol_version(newest) >= TLS1_3_VERSION) {
      return std::move(kept_[--count_]);
    }
    SSL_SESSION_up_ref(newest);
    return SslSessionPtr(newest);
  }
  return nullptr;
}

TlsSession::TlsSession(SslPtr ssl, std::shared_ptr<const void> context, TlsWorker& worker,
                       TlsClientSessions* sessions)
    : ssl_(std::move(ssl)),
      context_(std::move(context)),
      worker_(worker),
      sessions_(sessions),
      server_(SSL_is_server(ssl_.get()) == 1) {
  SSL_set_app_data(ssl_.get(), this);
}

TlsSession::~TlsSession() {
  // Otherwise OpenSSL takes the session for one that must not be resumed.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_set_app_data(ssl_.get(), nullptr);
  forget_errors();
}

void TlsSession::attach(Socket& socket) {
  socket_ = &socket;
  BIO* bio = BIO_new(tls_wire_method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsSession::Handshake TlsSession::handshake() {
  forget_errors();
  more_ = read_wants_write_ = write_wants_read_ = false;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
    // The client's first request may have come together with its last flight.
    more_ = SSL_has_pending(ssl_.get()) == 1;
    return Handshake::done;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Handshake::waiting;
  failed_ = true;
  failure_ = error == SSL_ERROR_SSL ? failure_of(ERR_peek_error()) : Failure::closed;
  if (server_ && failure_ == Failure::plain_text) failure_ = Failure::malformed;
  if (plain_text_) failure_ = Failure::plain_text;
  ERR_clear_error();
  return Handshake::failed;
}

std::string_view TlsSession::verify_detail() const {
  return verify_text(SSL_get_verify_result(ssl_.get()));
}

// What a read that gave no byte means.
IoResult TlsSession::on_read_error(int error) {
  switch (error) {
    case SSL_ERROR_WANT_READ:
      more_ = false;
      return {IoResult::State::would_block, 0, 0};
    case SSL_ERROR_WANT_WRITE:
      more_ = false;
      read_wants_write_ = true;
      return {IoResult::State::would_block, 0, 0};
    case SSL_ERROR_ZERO_RETURN:
      more_ = true;  // stays told
      return {IoResult::State::end, 0, 0};
    default:
      if (error == SSL_ERROR_SSL) note_late_refusal();
      more_ = failed_ = true;
      ERR_clear_error();
      return {IoResult::State::failed, 0, 0};
  }
}

void TlsSession::note_late_refusal() {
  if (server_ || data_heard_ || SSL_version(ssl_.get()) < TLS1_3_VERSION) return;
  const unsigned long why = ERR_peek_error();
  if (ERR_GET_LIB(why) != ERR_LIB_SSL) return;
  if (ends_handshake(ERR_GET_REASON(why) - SSL_AD_REASON_OFFSET)) failure_ = Failure::refused;
}

IoResult TlsSession::receive(char* into, std::size_t size) {
  forget_errors();
  read_wants_write_ = false;
  std::size_t total = 0;
  while (total < size) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into + total, size - total, &got);
    if (result != 1) {
      const IoResult none = on_read_error(SSL_get_error(ssl_.get(), result));
      // An end or a failure behind bytes is told by the next call: more_ is set.
      return total > 0 ? IoResult{IoResult::State::ok, total, 0} : none;
    }
    total += got;
    data_heard_ = true;
    more_ = SSL_has_pending(ssl_.get()) == 1;
    if (!more_ && !socket_->readable_) break;
  }
  return {IoResult::State::ok, total, 0};
}

bool TlsSession::quiet() {
  if (!readable(socket_->readable_, socket_->writable_)) return true;
  forget_errors();
  char byte;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  if (result == 1) {
    more_ = true;
    return false;
  }
  return on_read_error(SSL_get_error(ssl_.get(), result)).state == IoResult::State::would_block;
}

namespace {

// The pieces of a send, from the front.
class Pieces {
 public:
  Pieces(const iovec* parts, int count) : parts_(parts), left_(count) {
    for (int i = 0; i < count; ++i) size_ += parts[i].iov_len;
    skip_empty();
  }

  std::size_t size() const { return size_; }

  // The first `count` bytes in one piece: where they are, or a copy in `scratch`.
  const char* front(std::size_t count, char* scratch) const {
    if (parts_->iov_len - offset_ >= count) return at(*parts_, offset_);
    std::size_t copied = 0;
    std::size_t offset = offset_;
    for (const iovec* part = parts_; copied < count; ++part, offset = 0) {
      const std::size_t length = std::min(part->iov_len - offset, count - copied);
      if (length > 0) std::memcpy(scratch + copied, at(*part, offset), length);
      copied += length;
    }
    return scratch;
  }

  void consume(std::size_t count) {
    size_ -= count;
    while (count > 0) {
      const std::size_t length = std::min(parts_->iov_len - offset_, count);
      offset_ += length;
      count -= length;
      skip_empty();
    }
  }

 private:
  static const char* at(const iovec& part, std::size_t offset) {
    return static_cast<const char*>(part.iov_base) + offset;
  }
  void skip_empty() {
    while (left_ > 0 && offset_ == parts_->iov_len) {
      ++parts_;
      --left_;
      offset_ = 0;
    }
  }

  const iovec* parts_;
  int left_;
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

IoResult TlsSession::send(const iovec* parts, int count) {
  forget_errors();
  write_wants_read_ = false;
  Pieces pieces(parts, count);
  std::size_t sent = 0;
  while (pieces.size() > 0) {
    // What OpenSSL has begun to send is offered again with the same leading bytes and size.
    const std::size_t size =
        unfinished_ > 0 ? unfinished_ : std::min(pieces.size(), TlsWorker::kRecord);
    if (size > pieces.size()) break;  // never: what was not accepted is kept by the caller
    const char* bytes = pieces.front(size, worker_.record.get());
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes, size, &written);
    if (result == 1) {
      unfinished_ = 0;
      pieces.consume(written);
      sent += written;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
      unfinished_ = size;
      write_wants_read_ = error == SSL_ERROR_WANT_READ;
      return {sent > 0 ? IoResult::State::ok : IoResult::State::would_block, sent, 0};
    }
    failed_ = true;
    ERR_clear_error();
    return {IoResult::State::failed, 0, 0};
  }
  return {IoResult::State::ok, sent, 0};
}

bool TlsSession::end_sending() {
  if (!healthy() || end_sent_) return true;
  end_wanted_ = true;
  // While a record is half sent, nothing may follow it.
  if (unfinished_ > 0 || !socket_->writable_) return false;
  forget_errors();
  const int result = SSL_shutdown(ssl_.get());
  if (result < 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE) return false;
  ERR_clear_error();
  end_wanted_ = false;
  end_sent_ = true;
  return true;
}

}  // namespace ficus::proxy
