#include "proxy/net/tls_credentials.h"

#include <cstdlib>

#include <openssl/err.h>

namespace ficus::proxy {
namespace {

// https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate", version 5.7.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

// These fail only if the library is broken.
void require(bool done) {
  if (!done) std::abort();
}

}  // namespace

SslContextPtr make_tls_context(const SSL_METHOD* method, config::TlsVersion least) {
  SslContextPtr context(SSL_CTX_new(method));
  require(context != nullptr);
  SSL_CTX* raw = context.get();
  const int version = least == config::TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  require(SSL_CTX_set_min_proto_version(raw, version) == 1);
  require(SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1);
  require(SSL_CTX_set_cipher_list(raw, kTls12Ciphers) == 1);
  require(SSL_CTX_set_ciphersuites(raw, kTls13Suites) == 1);
  require(SSL_CTX_set1_groups_list(raw, kGroups) == 1);
  // 112 bits: RSA from 2048 on, no SHA-1, whatever this machine's openssl.cnf says.
  SSL_CTX_set_security_level(raw, 2);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_dh_auto(raw, 1);
  return context;
}

std::string use_credentials(SSL_CTX* context, const TlsCredentials& credentials) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate(context, credentials.leaf.get()) != 1) return take_openssl_reason();
  if (SSL_CTX_use_PrivateKey(context, credentials.key.get()) != 1) return take_openssl_reason();
  for (const X509Ptr& issuer : credentials.chain) {
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return take_openssl_reason();
  }
  return {};
}

std::string take_openssl_reason() {
  const unsigned long error = ERR_get_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace ficus::proxy
