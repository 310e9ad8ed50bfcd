#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "config/loader.h"
#include "control/change/tls_material.h"
#include "control/check/outside_warnings.h"
#include "control/check/probe.h"
#include "control/cli/cli.h"
#include "control/cli/commands.h"

namespace ficus::control {
namespace {

constexpr std::chrono::milliseconds kLookUpPatience{2'000};

struct Options {
  std::string path;
  bool strict = false;
  bool probe = false;
};

void append(config::Diagnostics& all, config::Diagnostics more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string counted(std::ptrdiff_t count, const char* what) {
  const std::string number = count == 0 ? "no" : std::to_string(count);
  return number + " " + what + (count == 1 ? "" : "s");
}

int judge(const Options& options, const config::Diagnostics& found) {
  const auto is_error = [](const config::Diagnostic& one) {
    return one.severity == config::Severity::error;
  };
  const std::ptrdiff_t errors = std::count_if(found.begin(), found.end(), is_error);
  const std::ptrdiff_t warnings = static_cast<std::ptrdiff_t>(found.size()) - errors;
  const bool too_strict = options.strict && warnings > 0;
  for (const config::Diagnostic& one : found) std::cerr << one.text() << '\n';
  std::cout << options.path << ": " << counted(errors, "error");
  if (warnings > 0) std::cout << ", " << counted(warnings, "warning");
  if (too_strict) std::cout << "; --strict accepts none";
  std::cout << '\n';
  return errors > 0 || too_strict ? kUsage : kOk;
}

int check(const Options& options) {
  config::LoadOutcome loaded = config::load(options.path);
  config::Diagnostics found = std::move(loaded.diagnostics);
  if (!loaded.config) {
    append(found, config::unallowed(loaded.advice));
    return judge(options, found);
  }
  append(found, load_tls(*loaded.config).diagnostics);
  append(found, all_warnings(*loaded.config, loaded.advice, kLookUpPatience));
  if (options.probe) {
    ProbeReport report = probe(*loaded.config);
    for (const std::string& line : report.lines) std::cout << line << '\n';
    append(found, std::move(report.problems));
  }
  return judge(options, found);
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("check", "Say everything that is wrong with a file");
  command->footer(
      "Errors and warnings go to stderr; docs/warnings.md explains each W code. Exit 0: no errors, "
      "2: errors, or warnings with --strict.");
  const auto options = std::make_shared<Options>();
  command->add_option("CONFIG", options->path, "The configuration, in YAML")->required();
  command->add_flag("--strict", options->strict, "Warnings are errors");
  command->add_flag("--probe", options->probe,
                    "Send safe requests (GET, HEAD) to the backends and compare the sides");
  command->callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace ficus::control
