#include <iostream>
#include <memory>

#include <CLI/Option.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "control/cli/cli.h"
#include "control/cli/commands.h"
#include "control/cli/fan_out.h"
#include "control/cli/status_text.h"

namespace ficus::control {
namespace {

struct Options {
  AdminTargets admin;
  std::string route;
  bool all = false;
  std::string reason;
};

int roll_back(const Options& options) {
  if (options.all != options.route.empty()) {
    std::cerr << "ficus: rollback: give either ROUTE or --all\n";
    return kUsage;
  }
  const std::string body = boost::json::serialize(boost::json::object{{"reason", options.reason}});
  const std::string path = options.all
                               ? "/api/v1/rollback"
                               : "/api/v1/routes/" + percent_encoded(options.route) + "/rollback";
  return options.admin.ask({"POST", path, body},
                           [](const std::string& prefix, const std::string& answer) {
                             std::cout << change_text(answer, prefix);
                           });
}

}  // namespace

void add_rollback(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("rollback", "All traffic back to legacy, now, until it is rearmed");
  const auto options = std::make_shared<Options>();
  options->admin.add_option(*command);
  command->add_option("ROUTE", options->route, "Its name");
  command->add_flag("--all", options->all, "Every route");
  command->add_option("--reason", options->reason, "Why; kept with the change")->required();
  command->callback([&chosen, options] { chosen = [options] { return roll_back(*options); }; });
}

}  // namespace ficus::control
