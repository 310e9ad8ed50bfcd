#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "tests/support/deadline.h"
#include "tests/support/http_message.h"
#include "tests/support/socket.h"
#include "tests/support/test_certificate.h"

namespace ficus::tests {

// How one end of a TLS connection behaves.
struct TlsTerms {
  std::string server_name{};        // client: SNI; none if empty
  std::vector<std::string> alpn{};  // client: offered; server: the first is chosen
  int min_version = TLS1_2_VERSION;
  int max_version = TLS1_3_VERSION;
  std::vector<TestCertificate> certificates{};  // the server's, or the client's own
  bool want_client_certificate = false;         // server
  std::string signatures{};                     // client: "RSA-PSS+SHA256:…"
  std::shared_ptr<SSL_SESSION> session{};       // client: to be resumed
  bool want_ocsp = false;                       // client
};

// One end of a TLS connection on a socket, blocking up to a deadline, which throws. Never judges
// the peer's certificate. For one thread.
class TlsStream {
 public:
  enum class Role { client, server };
  enum class End { close_notify, cut, reset };

  TlsStream(Descriptor socket, Role role, const TlsTerms& terms);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Empty, or why it failed.
  std::string handshake();

  void send(std::string_view bytes);
  std::string read_until(std::string_view end);
  std::string read_bytes(std::size_t count);
  HttpMessage read_message(MessageKind kind = MessageKind::response);
  HttpMessage exchange(std::string_view request);
  // What comes until the end, and how it ended.
  std::string read_to_end();
  End end() const { return end_; }

  void end_sending();  // close_notify
  void cut();          // closes TCP without it
  void update_keys();  // TLS 1.3 KeyUpdate, the peer's too, with the next bytes
  // A TLS 1.3 KeyUpdate at once, ours alone: a record without data. False: the peer is gone.
  bool send_key_update();

  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  int version() const { return SSL_version(ssl_.get()); }
  std::string alpn() const;
  std::string asked_name() const;  // server: SNI
  std::string peer_name() const;   // common name of the peer's certificate; empty: none
  int peer_key_type() const;
  std::string ocsp() const;
  // After some bytes were read: tickets come with them.
  std::shared_ptr<SSL_SESSION> session() const;
  int descriptor() const { return socket_.get(); }

 private:
  bool read_some();
  void wait(int result, const Deadline& deadline);

  Descriptor socket_;
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  std::string buffer_;
  std::string alpn_choice_;
  bool ended_ = false;
  End end_ = End::close_notify;
};

// A client that has connected to 127.0.0.1 and shaken hands; throws if that fails.
std::unique_ptr<TlsStream> tls_connect(std::uint16_t port, const TlsTerms& terms = {});

// A server on 127.0.0.1 that gives each connection to a function, on a thread of its own. What the
// function throws ends the connection.
class TlsBackend {
 public:
  using Serve = std::function<void(TlsStream&)>;

  TlsBackend(TlsTerms terms, Serve serve);
  ~TlsBackend();
  TlsBackend(const TlsBackend&) = delete;
  TlsBackend& operator=(const TlsBackend&) = delete;

  std::uint16_t port() const;
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port()); }
  std::size_t connections() const;
  std::size_t resumed() const;
  std::string asked_name() const;   // of the last connection
  std::string client_name() const;  // its certificate's

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Answers each request with 200 and this body, until the client ends.
TlsBackend::Serve serve_each(std::string body);

}  // namespace ficus::tests
