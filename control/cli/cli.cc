#include "control/cli/cli.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <string_view>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "build_info.h"
#include "control/cli/commands.h"

namespace ficus::control {
namespace {

constexpr std::array<std::string_view, 13> kLaterCommands{
    "why",       "events", "migrate", "freeze", "unfreeze", "deploy",   "diff",
    "endpoints", "audit",  "plan",    "state",  "token",    "dashboard"};

std::string version_text() {
  return std::string("ficus ") + kVersion + " (" + kRevision + ", " + kBuildType + ", " +
         kCompiler + ")";
}

int usage_error(const CLI::ParseError& error) {
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::cerr << "ficus: " << text << "; ficus --help says what is possible\n";
  return kUsage;
}

// `ficus help` and `ficus help weight` are the options that everybody else spells.
void take_help(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "help") return;
  arguments.erase(arguments.begin());
  arguments.resize(std::min<std::size_t>(arguments.size(), 1));
  arguments.emplace_back("--help");
}

bool is_unknown(const CLI::App& app, const std::string& word) {
  const auto has_name = [&](const CLI::App* command) { return command->check_name(word); };
  return !word.starts_with('-') && app.get_subcommands(has_name).empty();
}

int run_command(std::vector<std::string> arguments) {
  take_help(arguments);
  if (!arguments.empty() && std::find(kLaterCommands.begin(), kLaterCommands.end(), arguments[0]) !=
                                kLaterCommands.end()) {
    std::cerr << "ficus: " << arguments[0] << " is not in this version\n";
    return kUsage;
  }
  CLI::App app(
      "Moves traffic from an old service to its successor, and takes it back by itself "
      "when the new one breaks.",
      "ficus");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  Chosen chosen;
  for (const auto add : {add_run, add_demo, add_check, add_explain, add_status, add_routes,
                         add_weight, add_rollback, add_rearm}) {
    add(app, chosen);
  }
  if (!arguments.empty() && is_unknown(app, arguments[0])) {
    std::cerr << "ficus: unknown command '" << arguments[0] << "'; see ficus --help\n";
    return kUsage;
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return usage_error(error);
  }
  return chosen();
}

}  // namespace

int run_cli(std::vector<std::string> arguments) {
  const int code = run_command(std::move(arguments));
  // What was printed is only out now; who redirects it relies on the exit status.
  if (std::cout.flush()) return code;
  std::cerr << "ficus: standard output cannot be written: the disk is full, or it is closed\n";
  return code == kOk ? static_cast<int>(kFailed) : code;
}

}  // namespace ficus::control
