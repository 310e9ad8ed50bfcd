#include "control/check/outside_warnings.h"

#include <cstdio>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace ficus::control {
namespace {

using std::chrono::hours;

constexpr hours kDay{24};

// A self-signed certificate that ends so many days from now.
std::string certificate_for(const tests::TemporaryFolder& folder, int days) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86'400 * 365L);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400L * days + 60);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::string path = folder.path() / (std::to_string(days) + ".crt");
  FILE* file = fopen(path.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  fclose(file);
  return path;
}

config::Config with_certificate(const std::string& path) {
  config::Config config;
  config.listeners.emplace_back();
  config.listeners[0].tls.emplace();
  config.listeners[0].tls->certificates.push_back({path, "", {}, {"f.yaml", 3, 5}});
  return config;
}

std::string texts(const config::Diagnostics& all) {
  std::string text;
  for (const config::Diagnostic& one : all) text += one.text() + "\n";
  return text;
}

std::string ends(const std::string& path) {
  return texts(certificate_warnings(with_certificate(path), std::chrono::system_clock::now()));
}

config::Backend backend(const std::string& name, const std::string& host, std::uint16_t port) {
  config::Backend made;
  made.name = name;
  config::EndpointUrl url;
  url.host = host;
  url.port = port;
  url.text = "http://" + host + ":" + std::to_string(port);
  made.endpoints.push_back(url);
  return made;
}

// A route between them.
config::Config between(config::Backend legacy, config::Backend fresh) {
  config::Config config;
  config::Route route;
  route.name = "shop";
  route.legacy = legacy.name;
  route.fresh = fresh.name;
  route.at = {"f.yaml", 7, 5};
  config.backends = {std::move(legacy), std::move(fresh)};
  config.routes.push_back(std::move(route));
  return config;
}

std::string same(const config::Config& config) {
  return texts(
      same_address_warnings(config, look_up_endpoints(config, std::chrono::milliseconds(2'000))));
}

}  // namespace

TEST_CASE("W14: a certificate that ends within 21 days, or has ended") {
  const tests::TemporaryFolder folder;
  CHECK_THAT(ends(certificate_for(folder, 20)),
             ContainsSubstring("f.yaml:3:5: warning W14: listeners[0].tls.certificates[0]: ") &&
                 ContainsSubstring("ends in 20 days, on "));
  CHECK_THAT(ends(certificate_for(folder, -3)), ContainsSubstring("ended on "));
  CHECK(ends(certificate_for(folder, 22)).empty());
  CHECK(ends(folder.path() / "none.crt").empty());
  CHECK(ends(folder.write("bad.crt", "no certificate")).empty());
}

TEST_CASE("W14: a backend's client certificate counts too") {
  const tests::TemporaryFolder folder;
  config::Config config;
  config.backends.push_back(backend("new", "a", 80));
  config.backends[0].tls.emplace();
  config.backends[0].tls->identity = {certificate_for(folder, 5), "", {}, {"f.yaml", 4, 1}};
  const auto now = std::chrono::system_clock::now();
  CHECK_THAT(texts(certificate_warnings(config, now)), ContainsSubstring("backends.new.tls"));
  CHECK(texts(certificate_warnings(config, now - 30 * kDay)).empty());
}

TEST_CASE("W15: both sides lead to one address") {
  CHECK_THAT(same(between(backend("old", "127.0.0.1", 9001), backend("new", "localhost", 9001))),
             ContainsSubstring("f.yaml:7:5: warning W15: routes[0]: both sides lead to "
                               "127.0.0.1:9001"));
  CHECK(
      same(between(backend("old", "127.0.0.1", 9001), backend("new", "127.0.0.1", 9002))).empty());
  CHECK(
      same(between(backend("old", "127.0.0.1", 9001), backend("new", "127.0.0.2", 9001))).empty());
}

TEST_CASE("W15: a name that this machine cannot look up is no news") {
  CHECK(
      same(between(backend("old", "old.invalid", 80), backend("new", "new.invalid", 80))).empty());
}

TEST_CASE("W15: a rewrite or the TLS name may tell two servers at one address apart") {
  const config::Backend old = backend("old", "127.0.0.1", 443);
  config::Backend fresh = backend("new", "127.0.0.1", 443);
  config::Config rewritten = between(old, fresh);
  rewritten.routes[0].rewrite_fresh.emplace();
  CHECK(same(rewritten).empty());
  config::Backend tls = old;
  tls.endpoints[0].scheme = config::EndpointScheme::https;
  fresh.endpoints[0].scheme = config::EndpointScheme::https;
  fresh.tls.emplace();
  fresh.tls->server_name = "new.example.com";
  CHECK(same(between(tls, fresh)).empty());
  fresh.tls->server_name = "127.0.0.1";
  CHECK_FALSE(same(between(tls, fresh)).empty());
}

TEST_CASE("W15: two backends on one unix socket") {
  config::Backend old = backend("old", "/run/a.sock", 0);
  config::Backend fresh = backend("new", "/run/a.sock", 0);
  old.endpoints[0].scheme = fresh.endpoints[0].scheme = config::EndpointScheme::unix_socket;
  CHECK_THAT(same(between(old, fresh)), ContainsSubstring("unix:/run/a.sock"));
  fresh.endpoints[0].host = "/run/b.sock";
  CHECK(same(between(old, fresh)).empty());
}

}  // namespace ficus::control
