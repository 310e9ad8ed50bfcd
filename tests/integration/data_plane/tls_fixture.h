#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tls_stream.h"

// What the tests of TLS have in common.
namespace ficus::tests {

// Certificates as files.
class CertificateFolder {
 public:
  // NAME.pem and NAME.key; "{certificate: …, private_key: …}".
  std::string add(const std::string& name, const TestCertificate& certificate) const {
    const auto crt = folder_.write(name + ".pem", certificate.certificate_pem());
    const auto key = folder_.write(name + ".key", certificate.key_pem());
    return "{certificate: " + crt.string() + ", private_key: " + key.string() + "}";
  }
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
};

// A listener with these identities; `more` are further keys of `tls`, `listener` of the listener.
inline std::string tls_listener(const std::vector<std::string>& identities,
                                const std::string& more = {}, const std::string& listener = {}) {
  std::string list;
  for (const std::string& identity : identities) list += (list.empty() ? "" : ", ") + identity;
  return "listeners: [{address: \"127.0.0.1:0\", tls: {certificates: [" + list + "]" +
         (more.empty() ? "" : ", " + more) + "}" + (listener.empty() ? "" : ", " + listener) +
         "}]\n";
}

// One route to https endpoints with these keys of `tls`.
inline std::string to_tls(const std::string& url, const std::string& tls,
                          const std::string& more = {}) {
  return "workers: 1\nbackends:\n  only: {endpoints: [\"" + url + "\"], tls: {" + tls + "}" +
         (more.empty() ? "" : ", " + more) +
         "}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
}

// The value of a metric's sample, "" if there is none.
inline std::string sample(const FicusProcess& ficus, const std::string& series) {
  const std::string text = ficus.admin_get("/metrics").body;
  const std::size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + series.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace ficus::tests
