#include "tests/integration/real/front.h"

namespace ficus::tests {
namespace {

// As Python's strict checks want it, too: an authority that says it may sign.
void make_certificate(const TemporaryFolder& folder) {
  Command command{{"openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2", "-subj",
                   "/CN=localhost"}};
  for (const char* argument :
       {"-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", "key.pem", "-out", "certificate.pem",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext",
        "keyUsage=critical,digitalSignature,keyCertSign"}) {
    command.arguments.emplace_back(argument);
  }
  command.folder = folder.path();
  const Finished openssl = run(command);
  if (openssl.exit.code != 0) throw HarnessError("openssl failed: " + openssl.error);
}

std::string configuration(Scheme scheme, const TemporaryFolder& folder,
                          const std::string& backend_url) {
  make_certificate(folder);
  std::string text = "listeners:\n  - address: \"127.0.0.1:0\"\n";
  if (scheme == Scheme::https) {
    const std::string path = folder.path().string();
    text += "    tls: {certificates: [{certificate: \"" + path +
            "/certificate.pem\", private_key: \"" + path + "/key.pem\"}]}\n";
  }
  return text + "backends:\n  real: {endpoints: [\"" + backend_url +
         "\"]}\n"
         "routes:\n"
         "  - {name: everything, match: {path_prefix: /}, legacy: real}\n";
}

}  // namespace

Front::Front(Scheme scheme, const std::string& backend_url)
    : scheme_(scheme), ficus_(configuration(scheme, folder_, backend_url)) {}

std::string Front::url() const {
  return std::string(scheme_ == Scheme::https ? "https" : "http") +
         "://127.0.0.1:" + std::to_string(ficus_.port());
}

}  // namespace ficus::tests
