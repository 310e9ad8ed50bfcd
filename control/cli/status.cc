#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include <CLI/Option.hpp>

#include "control/cli/cli.h"
#include "control/cli/commands.h"
#include "control/cli/fan_out.h"
#include "control/cli/status_text.h"

namespace ficus::control {
namespace {

struct Options {
  AdminTargets admin;
  bool json = false;
  bool watch = false;
};

int show_once(const Options& options) {
  return options.admin.ask({"GET", "/api/v1/status", ""},
                           [&](const std::string& prefix, const std::string& body) {
                             std::cout << (options.json ? body + "\n" : status_text(body, prefix));
                           });
}

// Until Ctrl-C or until nobody reads any more. An unreachable proxy may come back.
int watch(const Options& options) {
  while (std::cout) {
    if (!options.json) std::cout << "\x1b[H\x1b[2J";
    show_once(options);
    std::cout << std::flush;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return kOk;
}

}  // namespace

void add_status(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("status", "What the proxy is doing right now");
  const auto options = std::make_shared<Options>();
  options->admin.add_option(*command);
  command->add_flag("--json", options->json, "The admin API's answer as it is");
  command->add_flag("--watch", options->watch, "Again every second");
  command->callback([&chosen, options] {
    chosen = [options] { return options->watch ? watch(*options) : show_once(*options); };
  });
}

}  // namespace ficus::control
