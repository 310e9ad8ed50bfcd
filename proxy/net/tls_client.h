#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proxy/net/tls_credentials.h"
#include "proxy/net/tls_session.h"

namespace ficus::proxy {

// How a backend's https endpoints are spoken to. Immutable, made by the loader, shared by all
// workers and the health checker.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  struct Terms {
    bool verify = true;
    std::vector<X509Ptr> authorities;  // empty: those that the system trusts
    std::optional<TlsCredentials> identity;
    std::string fingerprint;  // of all that the files and keys say
  };

  // Or why OpenSSL refuses the client's certificate.
  static std::variant<std::shared_ptr<const TlsClient>, std::string> make(Terms terms);

  // A connection to the server of this name or address, ready to shake hands: SNI (never for an
  // address, RFC 6066 §3), the name to verify, ALPN. For any loop and thread.
  SslPtr connection(const std::string& server_name) const;

  // The same for a socket of ours. A session of before is resumed if there is one.
  std::unique_ptr<TlsSession> connect(const std::string& server_name, TlsWorker& worker,
                                      TlsClientSessions& sessions) const;

  // Two with the same fingerprint trust the same servers in the same way, and show them the same.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  TlsClient() = default;

  SslContextPtr context_;
  std::string fingerprint_;
};

}  // namespace ficus::proxy
