#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/io_result.h"
#include "proxy/net/openssl.h"
#include "proxy/net/tls_ticket_keys.h"

namespace ficus::proxy {

class Socket;

// Sessions of one endpoint that the next connections may resume. A TLS 1.3 ticket is used once
// (RFC 8446 appendix C.4). One worker's; loop thread only.
class TlsClientSessions {
 public:
  void keep(SslSessionPtr session);
  // Null: none.
  SslSessionPtr take();

 private:
  static constexpr std::size_t kKept = 4;
  std::array<SslSessionPtr, kKept> kept_;  // newest last
  std::size_t count_ = 0;
};

// What the TLS connections of one worker share. Loop thread only.
struct TlsWorker {
  static constexpr std::size_t kRecord = 16 * 1024;  // the most that one record carries

  TlsTicketKeys tickets;
  // Where the pieces of a send are put together, so that they leave as one record.
  std::unique_ptr<char[]> record{new char[kRecord]};
};

// The TLS layer of one socket: OpenSSL on the descriptor, through a BIO of our own that knows what
// the socket knows, so that no receive is made that must fail. Owned by its Socket. Loop thread
// only.
//
// The end of the stream is the peer's close_notify and nothing else: a TCP end without it is
// `failed`, so that a cut message never looks complete (RFC 8446 §6.1).
class TlsSession {
 public:
  enum class Handshake : std::uint8_t { done, waiting, failed };

  // Why a handshake failed, as far as it matters to somebody.
  enum class Failure : std::uint8_t {
    none,
    closed,        // the peer left
    plain_text,    // the peer does not speak TLS (of a client: it sends a plain HTTP request)
    no_agreement,  // no version, cipher or application protocol in common
    refused,       // the peer sent an alert
    certificate,   // the peer's was not accepted; see verify_detail()
    malformed,
  };

  // `context` is what `ssl` was made from and refers to; kept as long. `sessions` (may be null) of
  // a client is told about tickets, `worker` holds the keys of a server's: both outlive this.
  TlsSession(SslPtr ssl, std::shared_ptr<const void> context, TlsWorker& worker,
             TlsClientSessions* sessions = nullptr);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Bytes of the peer that were received before TLS began.
  void unread(std::string_view bytes) { early_.assign(bytes); }

  // Until `done`, nothing else may be called. `waiting`: again after the next edge.
  Handshake handshake();
  Failure failure() const { return failure_; }
  // Did the server refuse the handshake after its end on our side? TLS 1.3 ends there before the
  // server has seen our certificate, or its absence: the alert comes in place of the first data
  // (RFC 8446 §4.4.2.4), and none of ours was taken in.
  bool refused_late() const { return established_ && failure_ == Failure::refused; }
  // Why the peer's certificate was not accepted: a sentence in static storage.
  std::string_view verify_detail() const;
  // Anything ever received from the peer?
  bool heard() const { return heard_; }

  // The session that belongs to an SSL, for OpenSSL's callbacks. Null: not one of these.
  static TlsSession* of(const SSL* ssl) { return static_cast<TlsSession*>(SSL_get_app_data(ssl)); }
  const TlsTicketKeys& ticket_keys() const { return worker_.tickets; }
  TlsClientSessions* client_sessions() const { return sessions_; }

 private:
  friend class Socket;
  friend struct TlsWire;

  // For the socket that owns this.
  void attach(Socket& socket);
  IoResult receive(char* into, std::size_t size);
  IoResult send(const iovec* parts, int count);
  bool quiet();
  bool readable(bool wire_readable, bool wire_writable) const {
    return wire_readable || more_ || !early_.empty() || (read_wants_write_ && wire_writable);
  }
  bool writable(bool wire_readable, bool wire_writable) const {
    return wire_writable && (!write_wants_read_ || wire_readable);
  }
  // Sends close_notify, once. False: it waits for room.
  bool end_sending();
  bool ending() const { return end_wanted_; }

  IoResult read_some(char* into, std::size_t size);
  IoResult on_read_error(int error);
  void note_late_refusal();
  bool healthy() const { return established_ && !failed_; }

  SslPtr ssl_;
  const std::shared_ptr<const void> context_;
  TlsWorker& worker_;
  TlsClientSessions* const sessions_;
  Socket* socket_ = nullptr;
  std::string early_;
  std::string letters_;         // the first bytes of a client that may be speaking plain HTTP
  std::size_t unfinished_ = 0;  // size of a write that OpenSSL wants to be repeated; 0: none
  bool server_ = false;
  bool established_ = false;
  bool failed_ = false;
  bool heard_ = false;
  bool data_heard_ = false;  // any byte of the peer's that was not TLS's own
  bool plain_text_ = false;
  bool more_ = false;  // OpenSSL holds bytes, or an end, that no edge will tell of
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  bool end_wanted_ = false;
  bool end_sent_ = false;
  Failure failure_ = Failure::none;
};

}  // namespace ficus::proxy
