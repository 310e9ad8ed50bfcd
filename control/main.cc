#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "control/cli/cli.h"

int main(int argc, char** argv) {
  try {
    return ficus::control::run_cli(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "ficus: " << error.what() << '\n';
    return ficus::control::kFailed;
  }
}
