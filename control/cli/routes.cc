#include <iostream>
#include <memory>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "control/cli/commands.h"
#include "control/cli/fan_out.h"
#include "control/cli/status_text.h"

namespace ficus::control {

void add_routes(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("routes", "The share of each route, and where it comes from");
  struct Options {
    AdminTargets admin;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  options->admin.add_option(*command);
  command->add_flag("--json", options->json, "The admin API's answer as it is");
  command->callback([&chosen, options] {
    chosen = [options] {
      return options->admin.ask(
          {"GET", "/api/v1/routes", ""}, [&](const std::string& prefix, const std::string& body) {
            std::cout << (options->json ? body + "\n" : routes_text(body, prefix));
          });
    };
  });
}

}  // namespace ficus::control
