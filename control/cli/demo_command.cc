#include <memory>

#include "control/cli/commands.h"
#include "control/cli/demo/demo.h"

namespace ficus::control {

void add_demo(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "demo", "Two small shops, users, and the story of a migration that goes wrong");
  const auto options = std::make_shared<demo::DemoOptions>();
  command->add_flag("--serve", options->serve, "No story: keep it running, to play with");
  command->callback(
      [&chosen, options] { chosen = [options] { return demo::run_demo(*options); }; });
}

}  // namespace ficus::control
