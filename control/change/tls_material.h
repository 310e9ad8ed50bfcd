#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"
#include "control/change/tls_files.h"
#include "proxy/net/tls_client.h"
#include "proxy/net/tls_server.h"

namespace ficus::control {

// What the TLS settings of a configuration mean, with the files read. Immutable.
struct TlsMaterial {
  std::vector<std::shared_ptr<const proxy::TlsServer>> listeners;  // by listener; may be null
  std::map<std::string, std::shared_ptr<const proxy::TlsClient>> backends;  // with https endpoints
  std::vector<CertificateFacts> certificates;                               // each file once
};

struct TlsOutcome {
  TlsMaterial material;  // whole only if no diagnostic is an error
  config::Diagnostics diagnostics;
};

// Reads every certificate, key and response that the configuration names and judges them: a missing
// or unreadable file, a key that does not fit and so on are errors, a certificate that has expired
// is a warning. Relative paths begin at the configuration file. Blocks as long as the disk does.
TlsOutcome load_tls(const config::Config& config);

}  // namespace ficus::control
