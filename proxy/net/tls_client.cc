#include "proxy/net/tls_client.h"

#include <cstdlib>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "proxy/net/address.h"

namespace ficus::proxy {
namespace {

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// A session, or a ticket, arrived from the server.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  const TlsSession* ours = TlsSession::of(ssl);
  if (ours == nullptr || ours->client_sessions() == nullptr) return 0;
  ours->client_sessions()->keep(SslSessionPtr(session));
  return 1;  // we own it now
}

}  // namespace

std::variant<std::shared_ptr<const TlsClient>, std::string> TlsClient::make(Terms terms) {
  const std::shared_ptr<TlsClient> client(new TlsClient);
  client->fingerprint_ = std::move(terms.fingerprint);
  client->context_ = make_tls_context(TLS_client_method(), config::TlsVersion::tls_1_2);
  SSL_CTX* context = client->context_.get();
  SSL_CTX_set_verify(context, terms.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (terms.verify && terms.authorities.empty()) SSL_CTX_set_default_verify_paths(context);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& authority : terms.authorities) X509_STORE_add_cert(store, authority.get());
  // What the operator names is trusted, be it a root or not.
  if (!terms.authorities.empty()) X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  if (terms.identity) {
    std::string fault = use_credentials(context, *terms.identity);
    if (!fault.empty()) return fault;
  }
  SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, &keep_session);
  return std::shared_ptr<const TlsClient>(client);
}

SslPtr TlsClient::connection(const std::string& server_name) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl == nullptr) std::abort();  // out of memory
  SSL_set_connect_state(ssl.get());
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
  if (SocketAddress::parse(server_name, 0)) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, server_name.c_str());
  } else {
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(expected, server_name.c_str(), server_name.size());
    SSL_set_tlsext_host_name(ssl.get(), server_name.c_str());
  }
  return ssl;
}

std::unique_ptr<TlsSession> TlsClient::connect(const std::string& server_name, TlsWorker& worker,
                                               TlsClientSessions& sessions) const {
  SslPtr ssl = connection(server_name);
  if (const SslSessionPtr session = sessions.take()) SSL_set_session(ssl.get(), session.get());
  return std::make_unique<TlsSession>(std::move(ssl), shared_from_this(), worker, &sessions);
}

}  // namespace ficus::proxy
