#pragma once

#include <string>
#include <vector>

namespace ficus::control {

// Exit statuses of every command.
enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kConflict = 3,     // also: differs, pending
  kUnreachable = 4,  // nobody answers at the admin address
};

// The command line: `arguments` without the program's name. Returns the exit status. Call it from
// main's thread, before there are others.
int run_cli(std::vector<std::string> arguments);

}  // namespace ficus::control
