#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/Option.hpp>

#include "config/weight.h"
#include "control/cli/cli.h"
#include "control/cli/commands.h"
#include "control/cli/explanation.h"

namespace ficus::control {
namespace {

struct Options {
  std::string config;
  Question question;
  std::optional<double> weight;
};

int show(Options options) {
  if (options.weight) {
    options.question.weight = config::Weight::from_percent(*options.weight);
    if (!options.question.weight) {
      std::cerr << "ficus: explain: --at is 0 to 100, with up to two decimals\n";
      return kUsage;
    }
  }
  const Explanation explanation = explain(options.config, options.question);
  std::cout << explanation.text;
  for (const std::string& fault : explanation.faults) std::cerr << fault << '\n';
  return explanation.faults.empty() ? kOk : kUsage;
}

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("explain", "Which route, side and backend a request would go to, and why");
  const auto options = std::make_shared<Options>();
  command->add_option("CONFIG", options->config, "The configuration, in YAML")->required();
  command->add_option("METHOD", options->question.method, "GET, POST, ...")->required();
  command->add_option("URL", options->question.url, "http://shop.example.com/catalog?q=1 or a path")
      ->required();
  command->add_option("-H,--header", options->question.headers, "'Name: value', may be repeated")
      ->allow_extra_args(false);
  command->add_option("--client", options->question.client, "The client's address")
      ->type_name("IP")
      ->default_str("192.0.2.1");
  command->add_option("--at", options->weight, "As if the new side's share were this")
      ->type_name("WEIGHT");
  command->callback([&chosen, options] { chosen = [options] { return show(*options); }; });
}

}  // namespace ficus::control
