#include <iostream>
#include <memory>

#include <CLI/Option.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "control/cli/commands.h"
#include "control/cli/fan_out.h"
#include "control/cli/status_text.h"

namespace ficus::control {

void add_rearm(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "rearm", "Permit the new side again after a rollback; the weight stays 0 until it is set");
  struct Options {
    AdminTargets admin;
    std::string route;
    std::string reason = "rearmed";
  };
  const auto options = std::make_shared<Options>();
  options->admin.add_option(*command);
  command->add_option("ROUTE", options->route, "Its name")->required();
  command->add_option("--reason", options->reason, "Why; kept with the change");
  command->callback([&chosen, options] {
    chosen = [options] {
      const std::string body =
          boost::json::serialize(boost::json::object{{"reason", options->reason}});
      return options->admin.ask(
          {"POST", "/api/v1/routes/" + percent_encoded(options->route) + "/rearm", body},
          [](const std::string& prefix, const std::string& answer) {
            std::cout << change_text(answer, prefix);
          });
    };
  });
}

}  // namespace ficus::control
