#pragma once

#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/net/openssl.h"

namespace ficus::proxy {

// A certificate with its chain and its key, as read from files. Immutable once made.
struct TlsCredentials {
  X509Ptr leaf;
  std::vector<X509Ptr> chain;  // without the leaf
  KeyPtr key;
  std::vector<unsigned char> ocsp_response;  // DER; empty: none
  std::vector<std::string> names;            // DNS names in lower case, "*.suffix" too
};

// A context for one of the two directions with what both have in common: TLS 1.2 and 1.3, the
// cipher suites and groups of Mozilla's "intermediate", no renegotiation, no compression.
SslContextPtr make_tls_context(const SSL_METHOD* method, config::TlsVersion least);

// Puts a certificate into a context. Empty, or why OpenSSL does not take it.
std::string use_credentials(SSL_CTX* context, const TlsCredentials& credentials);

// The reason of the oldest error that OpenSSL holds, which is forgotten with all others.
std::string take_openssl_reason();

}  // namespace ficus::proxy
