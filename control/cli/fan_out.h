#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "control/cli/admin_client.h"

namespace ficus::control {

// Which proxies a client command talks to.
class AdminTargets {
 public:
  // --admin, FICUS_ADMIN, or the default address.
  void add_option(CLI::App& command);

  // Makes the same call to all of them, even when one fails; `show` prints an answer that is a
  // success, with a prefix that names the proxy if there are several. Errors go to stderr, a line
  // each, with what mends them. Returns the exit status: of the one, or 1 if any of several failed.
  int ask(
      const AdminCall& request,
      const std::function<void(const std::string& prefix, const std::string& body)>& show) const;

 private:
  std::string list_;
};

}  // namespace ficus::control
