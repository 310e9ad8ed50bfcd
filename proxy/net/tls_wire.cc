#include "proxy/net/tls_wire.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "proxy/net/socket.h"
#include "proxy/net/tls_session.h"

namespace ficus::proxy {

// What the BIO may do with a session and its socket.
struct TlsWire {
  static constexpr std::size_t kLongestMethod = 24;

  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    TlsSession& session = TlsWire::session(bio);
    if (session.plain_text_) return -1;
    const bool first = session.server_ && (!session.heard_ || !session.letters_.empty());
    const int count = first ? read_first(bio, into, size) : read_any(bio, into, size);
    if (count <= 0) return count;
    session.heard_ = true;
    // Whatever a write waited for may have been this.
    session.write_wants_read_ = false;
    return count;
  }

  static int read_any(BIO* bio, char* into, int size) {
    TlsSession& session = TlsWire::session(bio);
    const int early = take_early(session, into, size);
    if (early > 0) return early;
    Socket& socket = *session.socket_;
    if (!socket.readable_) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const IoResult got = socket.receive_wire(into, static_cast<std::size_t>(size));
    if (got.state == IoResult::State::would_block) BIO_set_retry_read(bio);
    // An end stays one: OpenSSL asks BIO_eof().
    if (got.state == IoResult::State::end) return 0;
    if (got.state != IoResult::State::ok) return -1;
    return static_cast<int>(got.size);
  }

  // A TLS record begins with 20 to 24 (RFC 8446 §5.1), a request with a method and a blank. Whoever
  // begins with letters gets no answer before it is clear what they are; OpenSSL judges the rest.
  static int read_first(BIO* bio, char* into, int size) {
    TlsSession& session = TlsWire::session(bio);
    for (;;) {
      const int count = read_any(bio, into, size);
      if (count <= 0) return count;
      session.heard_ = true;
      session.letters_.append(into, static_cast<std::size_t>(count));
      const std::size_t method = method_length(session.letters_);
      if (method == session.letters_.size() && method <= kLongestMethod) continue;
      session.plain_text_ =
          method > 0 && method <= kLongestMethod && session.letters_[method] == ' ';
      if (session.plain_text_) return -1;
      session.early_.insert(0, session.letters_);
      session.letters_ = {};
      return take_early(session, into, size);
    }
  }

  // Letters at the front; methods of WebDAV and UPnP have a hyphen.
  static std::size_t method_length(std::string_view bytes) {
    const auto end = std::ranges::find_if_not(
        bytes, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'; });
    return static_cast<std::size_t>(end - bytes.begin());
  }

  static int take_early(TlsSession& session, char* into, int size) {
    const std::size_t count = std::min(session.early_.size(), static_cast<std::size_t>(size));
    if (count == 0) return 0;
    std::memcpy(into, session.early_.data(), count);
    session.early_.erase(0, count);
    if (session.early_.empty()) session.early_.shrink_to_fit();
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    TlsSession& session = TlsWire::session(bio);
    // No alert for who does not speak TLS: the answer is plain text.
    if (session.plain_text_) return size;
    Socket& socket = *session.socket_;
    if (!socket.writable_) {
      BIO_set_retry_write(bio);
      return -1;
    }
    const iovec part{const_cast<char*>(bytes), static_cast<std::size_t>(size)};
    const IoResult sent = socket.send_wire(&part, 1);
    if (sent.state == IoResult::State::would_block) BIO_set_retry_write(bio);
    if (sent.state != IoResult::State::ok) return -1;
    return static_cast<int>(sent.size);
  }

  static long control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_EOF:
        return session(bio).socket_->wire_ended_ ? 1 : 0;
      default:
        return 0;
    }
  }

  static BIO_METHOD* make() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ficus socket");
    if (method == nullptr) std::abort();
    BIO_meth_set_read(method, &TlsWire::read);
    BIO_meth_set_write(method, &TlsWire::write);
    BIO_meth_set_ctrl(method, &TlsWire::control);
    return method;
  }
};

const BIO_METHOD* tls_wire_method() {
  static const BIO_METHOD* const method = TlsWire::make();
  return method;
}

}  // namespace ficus::proxy
