#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/model.h"
#include "proxy/net/tls_credentials.h"
#include "proxy/net/tls_session.h"

namespace ficus::proxy {

// How a listener speaks TLS: its certificates and which of them a client gets. Immutable, made by
// the loader, shared by all workers; connections keep the one they began with.
//
// A client that names a server (SNI) gets the certificate with that very name, else with a wildcard
// that fits its first label, else the first one. Where certificates with keys of different types
// (RSA, ECDSA) have the name, the client's algorithms decide. Sessions are resumed by tickets, for
// the same certificates only.
class TlsServer : public std::enable_shared_from_this<TlsServer> {
 public:
  // Or why OpenSSL refuses one of the certificates. Needs at least one.
  static std::variant<std::shared_ptr<const TlsServer>, std::string> make(
      std::vector<TlsCredentials> credentials, config::TlsVersion least);

  // The TLS side of an accepted connection.
  std::unique_ptr<TlsSession> accept(TlsWorker& worker) const;

  // Which credentials (by index, in order) a client that names this server may get.
  const std::vector<std::size_t>& candidates(std::string_view server_name) const;

 private:
  struct Callbacks;
  struct Group {  // certificates that one client may choose from
    std::vector<std::size_t> members;
    SslContextPtr context;
  };

  TlsServer(std::vector<TlsCredentials> credentials, config::TlsVersion least);

  std::string build();
  std::string add_group(const std::string& name, const std::vector<std::size_t>& members);
  std::vector<std::size_t> default_members() const;
  const Group& choose(std::string_view server_name) const;

  const std::vector<TlsCredentials> credentials_;
  const config::TlsVersion least_;
  std::vector<std::unique_ptr<Group>> groups_;  // the first is for who names nothing known
  std::map<std::string, const Group*, std::less<>> by_name_;
};

}  // namespace ficus::proxy
