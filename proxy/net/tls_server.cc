#include "proxy/net/tls_server.h"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace ficus::proxy {
namespace {

constexpr std::string_view kHttp11 = "http/1.1";
constexpr std::string_view kHttp10 = "http/1.0";

int key_type(const TlsCredentials& credentials) {
  return EVP_PKEY_get_base_id(credentials.key.get());
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// The host name in a server_name extension (RFC 6066 §3): list length, type 0, name length, name.
std::string_view host_name(const unsigned char* bytes, std::size_t size) {
  constexpr std::size_t kFront = 5;
  if (size < kFront || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t length = static_cast<std::size_t>(bytes[3] << 8 | bytes[4]);
  if (length > size - kFront) return {};
  std::string_view name(reinterpret_cast<const char*>(bytes) + kFront, length);
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// Tickets of other certificates are not accepted: a hash of the leaves.
void set_session_scope(SSL_CTX* context, const std::vector<const X509*>& leaves) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::string all;
  for (const X509* leaf : leaves) {
    unsigned size = 0;
    X509_digest(leaf, EVP_sha256(), digest.data(), &size);
    all.append(reinterpret_cast<const char*>(digest.data()), size);
  }
  unsigned size = 0;
  EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(context, digest.data(),
                                 std::min<unsigned>(size, SSL_MAX_SID_CTX_LENGTH));
}

}  // namespace

// OpenSSL calls these on the worker that shakes hands.
struct TlsServer::Callbacks {
  static int client_hello(SSL* ssl, int*, void* argument) {
    const auto* server = static_cast<const TlsServer*>(argument);
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) == 1) {
      SSL_set_SSL_CTX(ssl, server->choose(host_name(bytes, size)).context.get());
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  // Chosen already; this only acknowledges that the name was looked at.
  static int server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

  // HTTP/1.1; HTTP/1.0 clients may say so. Who offers neither wants something else.
  static int application_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                                  const unsigned char* offered, unsigned offered_size, void*) {
    for (const std::string_view wanted : {kHttp11, kHttp10}) {
      for (unsigned at = 0; at < offered_size; at += 1u + offered[at]) {
        const unsigned size = offered[at];
        if (size > offered_size - at - 1) break;
        if (std::string_view(reinterpret_cast<const char*>(offered) + at + 1, size) != wanted) {
          continue;
        }
        *chosen = offered + at + 1;
        *chosen_size = static_cast<unsigned char>(size);
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static int staple(SSL* ssl, void* argument) {
    const auto* server = static_cast<const TlsServer*>(argument);
    const X509* leaf = SSL_get_certificate(ssl);
    for (const TlsCredentials& credentials : server->credentials_) {
      const std::vector<unsigned char>& response = credentials.ocsp_response;
      if (credentials.leaf.get() != leaf || response.empty()) continue;
      void* copy = OPENSSL_memdup(response.data(), response.size());
      if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
      SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  static int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int seal) {
    const TlsSession* session = TlsSession::of(ssl);
    if (session == nullptr) return 0;
    const TlsTicketKeys::Call call{name, iv, cipher, mac};
    return seal != 0 ? session->ticket_keys().seal(call) : session->ticket_keys().open(call);
  }

  static void install(const TlsServer& server, SSL_CTX* context) {
    void* argument = const_cast<TlsServer*>(&server);
    SSL_CTX_set_client_hello_cb(context, &Callbacks::client_hello, argument);
    SSL_CTX_set_tlsext_servername_callback(context, &Callbacks::server_name);
    SSL_CTX_set_alpn_select_cb(context, &Callbacks::application_protocol, nullptr);
    SSL_CTX_set_tlsext_status_cb(context, &Callbacks::staple);
    SSL_CTX_set_tlsext_status_arg(context, argument);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &Callbacks::ticket_key);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(
        context, static_cast<long>(std::chrono::seconds(TlsTicketKeys::kTicketLife).count()));
  }
};

TlsServer::TlsServer(std::vector<TlsCredentials> credentials, config::TlsVersion least)
    : credentials_(std::move(credentials)), least_(least) {}

std::variant<std::shared_ptr<const TlsServer>, std::string> TlsServer::make(
    std::vector<TlsCredentials> credentials, config::TlsVersion least) {
  const std::shared_ptr<TlsServer> server(new TlsServer(std::move(credentials), least));
  std::string fault = server->build();
  if (!fault.empty()) return fault;
  return std::shared_ptr<const TlsServer>(server);
}

std::string TlsServer::build() {
  if (std::string fault = add_group({}, default_members()); !fault.empty()) return fault;
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    for (const std::string& name : credentials_[i].names) {
      std::vector<std::size_t>& same_name = members[name];
      const bool taken = std::ranges::any_of(same_name, [&](std::size_t other) {
        return key_type(credentials_[other]) == key_type(credentials_[i]);
      });
      if (!taken) same_name.push_back(i);
    }
  }
  for (const auto& [name, group] : members) {
    if (std::string fault = add_group(name, group); !fault.empty()) return fault;
  }
  return {};
}

// The first, and those that are its like but for the type of the key.
std::vector<std::size_t> TlsServer::default_members() const {
  std::vector<std::size_t> members{0};
  for (std::size_t i = 1; i < credentials_.size(); ++i) {
    const bool taken = std::ranges::any_of(members, [&](std::size_t other) {
      return key_type(credentials_[other]) == key_type(credentials_[i]);
    });
    if (!taken && credentials_[i].names == credentials_[0].names) members.push_back(i);
  }
  return members;
}

std::string TlsServer::add_group(const std::string& name, const std::vector<std::size_t>& members) {
  for (const auto& known : groups_) {
    if (known->members != members) continue;
    by_name_.emplace(name, known.get());
    return {};
  }
  auto group = std::make_unique<Group>();
  group->members = members;
  group->context = make_tls_context(TLS_server_method(), least_);
  std::vector<const X509*> leaves;
  for (const std::size_t member : members) {
    std::string fault = use_credentials(group->context.get(), credentials_[member]);
    if (!fault.empty()) return fault;
    leaves.push_back(credentials_[member].leaf.get());
  }
  Callbacks::install(*this, group->context.get());
  set_session_scope(group->context.get(), leaves);
  if (!name.empty()) by_name_.emplace(name, group.get());
  groups_.push_back(std::move(group));
  return {};
}

const TlsServer::Group& TlsServer::choose(std::string_view server_name) const {
  const std::string name = lower_case(server_name);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    // A wildcard stands for one whole label (RFC 6125 §6.4.3).
    const std::size_t dot = name.find('.');
    if (dot != std::string::npos && dot > 0) found = by_name_.find("*" + name.substr(dot));
  }
  return found == by_name_.end() ? *groups_.front() : *found->second;
}

const std::vector<std::size_t>& TlsServer::candidates(std::string_view server_name) const {
  return choose(server_name).members;
}

std::unique_ptr<TlsSession> TlsServer::accept(TlsWorker& worker) const {
  SslPtr ssl(SSL_new(groups_.front()->context.get()));
  if (ssl == nullptr) std::abort();  // out of memory
  SSL_set_accept_state(ssl.get());
  return std::make_unique<TlsSession>(std::move(ssl), shared_from_this(), worker);
}

}  // namespace ficus::proxy
