#include "config/weight.h"

#include <iostream>
#include <memory>

#include <CLI/Option.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "control/cli/cli.h"
#include "control/cli/commands.h"
#include "control/cli/fan_out.h"
#include "control/cli/status_text.h"
#include "control/duration_text.h"

namespace ficus::control {
namespace {

struct Options {
  AdminTargets admin;
  std::string route;
  std::optional<double> percent;
  std::string reason;
  std::string hold_for;
  bool from_file = false;
  bool drain = false;
};

int usage(const std::string& text) {
  std::cerr << "ficus: weight: " << text << '\n';
  return kUsage;
}

int set_weight(const Options& options) {
  if (options.drain) return usage("--drain is not in this version");
  if (options.from_file == options.percent.has_value()) {
    return usage("give either PERCENT or --from-file");
  }
  if (options.reason.empty()) return usage("--reason must not be empty");
  const std::string path = "/api/v1/routes/" + percent_encoded(options.route) + "/weight";
  const auto show = [](const std::string& prefix, const std::string& body) {
    std::cout << change_text(body, prefix);
  };
  if (options.from_file) {
    if (!options.hold_for.empty()) return usage("--for does not go with --from-file");
    return options.admin.ask({"DELETE", path + "?reason=" + percent_encoded(options.reason), ""},
                             show);
  }
  if (!config::Weight::from_percent(*options.percent)) {
    return usage("PERCENT is 0 to 100, with up to two decimals");
  }
  boost::json::object body{{"weight", *options.percent}, {"reason", options.reason}};
  if (!options.hold_for.empty()) {
    if (!parse_duration(options.hold_for)) return usage("--for is a duration such as 30m or 2h");
    body["for"] = options.hold_for;
  }
  return options.admin.ask({"PUT", path, boost::json::serialize(body)}, show);
}

}  // namespace

void add_weight(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("weight", "Set the share of the new side of a route");
  const auto options = std::make_shared<Options>();
  options->admin.add_option(*command);
  command->add_option("ROUTE", options->route, "Its name")->required();
  command->add_option("PERCENT", options->percent, "0 to 100, with up to two decimals");
  command->add_option("--reason", options->reason, "Why; kept with the change")->required();
  command->add_option("--for", options->hold_for, "Back to the file's weight after that, as 30m");
  command->add_flag("--from-file", options->from_file, "Give the weight back to the file");
  command->add_flag("--drain", options->drain, "Not in this version");
  command->callback([&chosen, options] { chosen = [options] { return set_weight(*options); }; });
}

}  // namespace ficus::control
