#pragma once

#include <filesystem>
#include <string>

#include "tests/support/ficus_process.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {

enum class Scheme { http, https };

// ficus in front of one backend that gets every request, with a listener as the scheme says. Its
// certificate is its own authority, for localhost and 127.0.0.1, made by openssl.
class Front {
 public:
  Front(Scheme scheme, const std::string& backend_url);

  std::string url() const;
  // For a client to trust.
  std::filesystem::path certificate() const { return folder_.path() / "certificate.pem"; }
  FicusProcess& ficus() { return ficus_; }

 private:
  Scheme scheme_;
  TemporaryFolder folder_;
  FicusProcess ficus_;
};

}  // namespace ficus::tests
