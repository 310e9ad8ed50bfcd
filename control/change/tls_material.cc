#include "control/change/tls_material.h"

#include <algorithm>
#include <utility>

#include <openssl/x509.h>

namespace ficus::control {
namespace {

using proxy::TlsClient;
using proxy::TlsCredentials;
using proxy::TlsServer;

class TlsLoader {
 public:
  TlsOutcome run(const config::Config& config) {
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
      add_listener(config.listeners[i], "listeners[" + std::to_string(i) + "].tls");
    }
    for (const config::Backend& backend : config.backends) {
      const bool uses_tls = std::ranges::any_of(backend.endpoints, [](const auto& url) {
        return url.scheme == config::EndpointScheme::https;
      });
      if (uses_tls) add_backend(backend);
    }
    return std::move(outcome_);
  }

 private:
  struct Place {
    config::Location at;
    std::string key;
  };

  void add_listener(const config::Listener& listener, const std::string& key) {
    std::shared_ptr<const TlsServer> server;
    if (listener.tls && !listener.tls->certificates.empty()) server = make_server(listener, key);
    outcome_.material.listeners.push_back(std::move(server));
  }

  std::shared_ptr<const TlsServer> make_server(const config::Listener& listener,
                                               const std::string& key) {
    std::vector<TlsCredentials> all;
    const auto& identities = listener.tls->certificates;
    for (std::size_t i = 0; i < identities.size(); ++i) {
      const Place place{identities[i].at, key + ".certificates[" + std::to_string(i) + "]"};
      if (auto credentials = read(identities[i], place)) all.push_back(std::move(*credentials));
    }
    if (all.size() < identities.size()) return nullptr;
    auto made = TlsServer::make(std::move(all), listener.tls->min_version);
    if (const auto* problem = std::get_if<std::string>(&made)) {
      error({identities.front().at, key}, "is refused by OpenSSL: " + *problem);
      return nullptr;
    }
    return std::get<0>(made);
  }

  void add_backend(const config::Backend& backend) {
    const config::BackendTls tls = backend.tls.value_or(config::BackendTls{});
    const Place place{tls.at, "backends." + backend.name + ".tls"};
    TlsClient::Terms terms;
    terms.verify = tls.verify;
    std::string fingerprint = tls.verify ? "verify " : "any ";
    fingerprint += tls.server_name.value_or("") + " ";
    if (tls.ca) {
      const std::string path = path_beside(tls.at, *tls.ca);
      auto read = read_certificates(path);
      if (const auto* problem = std::get_if<std::string>(&read)) {
        return error({place.at, place.key + ".ca"}, quoted(path) + *problem);
      }
      terms.authorities = std::move(std::get<0>(read));
      fingerprint += digest_of_file(path);
    }
    if (tls.identity) {
      terms.identity = read(*tls.identity, place);
      if (!terms.identity) return;
      fingerprint += " " + digest_of_file(path_beside(tls.at, tls.identity->certificate)) + " " +
                     digest_of_file(path_beside(tls.at, tls.identity->private_key));
    }
    terms.fingerprint = std::move(fingerprint);
    auto made = TlsClient::make(std::move(terms));
    if (const auto* problem = std::get_if<std::string>(&made)) {
      return error(place, "is refused by OpenSSL: " + *problem);
    }
    outcome_.material.backends[backend.name] = std::get<0>(made);
  }

  std::optional<TlsCredentials> read(const config::TlsIdentity& identity, const Place& place) {
    const std::string certificate_path = path_beside(identity.at, identity.certificate);
    const std::string key_path = path_beside(identity.at, identity.private_key);
    auto certificates = read_certificates(certificate_path);
    auto key = read_private_key(key_path);
    if (const auto* problem = std::get_if<std::string>(&certificates)) {
      error({place.at, place.key + ".certificate"}, quoted(certificate_path) + *problem);
    }
    if (const auto* problem = std::get_if<std::string>(&key)) {
      error({place.at, place.key + ".private_key"}, quoted(key_path) + *problem);
    }
    if (certificates.index() != 0 || key.index() != 0) return std::nullopt;

    TlsCredentials credentials;
    credentials.chain = std::move(std::get<0>(certificates));
    credentials.leaf = std::move(credentials.chain.front());
    credentials.chain.erase(credentials.chain.begin());
    credentials.key = std::move(std::get<0>(key));
    if (!key_fits(credentials, {place.at, place.key + ".private_key"}, certificate_path,
                  key_path)) {
      return std::nullopt;
    }
    CertificateFacts facts = facts_of(certificate_path, credentials.leaf.get());
    credentials.names = facts.names;
    const proxy::SslContextPtr trial =
        proxy::make_tls_context(TLS_method(), config::TlsVersion::tls_1_2);
    if (const std::string reason = proxy::use_credentials(trial.get(), credentials);
        !reason.empty()) {
      error({place.at, place.key + ".certificate"},
            quoted(certificate_path) + "is refused by OpenSSL: " + reason +
                "; have it issued with a stronger key and signature");
      return std::nullopt;
    }
    note_dates(facts, {place.at, place.key + ".certificate"});
    if (identity.ocsp_response) staple(*identity.ocsp_response, credentials, place);
    remember(std::move(facts));
    return credentials;
  }

  bool key_fits(const TlsCredentials& credentials, const Place& place,
                const std::string& certificate_path, const std::string& key_path) {
    if (X509_check_private_key(credentials.leaf.get(), credentials.key.get()) == 1) return true;
    proxy::take_openssl_reason();
    for (const proxy::X509Ptr& other : credentials.chain) {
      if (X509_check_private_key(other.get(), credentials.key.get()) != 1) continue;
      error(place, quoted(key_path) + "belongs to a certificate further down in '" +
                       certificate_path + "'; put that one first");
      return false;
    }
    proxy::take_openssl_reason();
    error(place, quoted(key_path) + "does not belong to the certificate '" + certificate_path +
                     "'; give the key that the certificate was made for");
    return false;
  }

  void note_dates(const CertificateFacts& facts, const Place& place) {
    const auto now = std::chrono::system_clock::now();
    // That it ends soon or has ended is warning W14.
    if (facts.not_before > now) {
      warn(place, quoted(facts.path) + "is not valid yet; is this machine's clock right?");
    }
  }

  void staple(const std::string& written, TlsCredentials& credentials, const Place& identity) {
    const std::string path = path_beside(identity.at, written);
    const Place place{identity.at, identity.key + ".ocsp_response"};
    auto read = read_ocsp_response(path, credentials.leaf.get());
    if (const auto* problem = std::get_if<std::string>(&read)) {
      return error(place, quoted(path) + *problem);
    }
    OcspFile& file = std::get<0>(read);
    if (file.is_current) {
      credentials.ocsp_response = std::move(file.der);
    } else {
      warn(place, quoted(path) + "is out of date and not sent; fetch it again and reload");
    }
  }

  void remember(CertificateFacts facts) {
    auto& known = outcome_.material.certificates;
    if (std::ranges::find(known, facts.path, &CertificateFacts::path) == known.end()) {
      known.push_back(std::move(facts));
    }
  }

  static std::string quoted(const std::string& path) { return "'" + path + "' "; }

  void error(const Place& place, std::string message) {
    outcome_.diagnostics.push_back(
        {config::Severity::error, place.at, place.key, std::move(message)});
  }
  void warn(const Place& place, std::string message) {
    outcome_.diagnostics.push_back(
        {config::Severity::warning, place.at, place.key, std::move(message)});
  }

  TlsOutcome outcome_;
};

}  // namespace

TlsOutcome load_tls(const config::Config& config) { return TlsLoader().run(config); }

}  // namespace ficus::control
