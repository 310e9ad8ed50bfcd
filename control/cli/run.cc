#include <memory>
#include <string>

#include "control/cli/commands.h"
#include "control/run_server.h"

namespace ficus::control {

void add_run(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("run", "Run the proxy");
  command->footer(
      "SIGTERM drains and ends; SIGHUP reloads the file, all or nothing; SIGUSR1 opens logs anew.");
  const auto path = std::make_shared<std::string>();
  command->add_option("CONFIG", *path, "The configuration, in YAML")->required();
  command->callback([&chosen, path] { chosen = [path] { return run_server(*path); }; });
}

}  // namespace ficus::control
