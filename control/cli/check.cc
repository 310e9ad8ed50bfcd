#include <iostream>
#include <memory>
#include <string>

#include "control/cli/cli.h"
#include "control/cli/commands.h"
#include "control/run_server.h"

namespace ficus::control {

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("check", "Say everything that is wrong with a file");
  const auto path = std::make_shared<std::string>();
  command->add_option("CONFIG", *path, "The configuration, in YAML")->required();
  command->callback([&chosen, path] {
    chosen = [path] {
      if (!report_diagnostics(*path)) return static_cast<int>(kUsage);
      std::cout << *path << ": no errors\n";
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ficus::control
