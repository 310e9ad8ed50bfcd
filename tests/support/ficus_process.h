#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/http_message.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {

// `ficus run` as users start it, on ports that the system chose.
//
// The configuration given here is what follows the listeners: backends, routes and whatever else.
// In front of it are put `version`, one listener on 127.0.0.1:0, the admin listener on
// 127.0.0.1:0 and a short drain, each unless the given text has that key itself.
class FicusProcess {
 public:
  // Returns once it listens; throws with its output if it does not start. `descriptors`: the
  // process may open no more; 0: as many as this one.
  explicit FicusProcess(const std::string& configuration, int descriptors = 0);

  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string admin_url() const { return "http://127.0.0.1:" + std::to_string(admin_port_); }
  Process& process() { return *process_; }
  const std::filesystem::path& config_file() const { return config_file_; }

  HttpMessage admin_get(std::string_view path) const;
  HttpMessage admin_put(std::string_view path, std::string_view json) const;
  HttpMessage admin_post(std::string_view path, std::string_view json) const;
  HttpMessage admin_delete(std::string_view path) const;

  // Writes the configuration (completed as in the constructor) and
  // sends SIGHUP; waits for the log line that says what became of it, and returns that line:
  // it contains "configuration reloaded" or "configuration refused".
  std::string reload(const std::string& configuration);
  // SIGTERM; waits for the end and throws unless that is exit 0.
  void terminate(milliseconds patience = kPatience);

  // Runs the client commands: `ficus ARGUMENTS…` with FICUS_ADMIN set to this one.
  Finished command(std::vector<std::string> arguments) const;

 private:
  TemporaryFolder folder_;
  std::filesystem::path config_file_;
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
};

// The ficus binary that this test tree built.
std::string ficus_binary();
// `ficus ARGUMENTS…` to its end.
Finished run_ficus(std::vector<std::string> arguments);

}  // namespace ficus::tests
