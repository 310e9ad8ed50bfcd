#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "control/cli/cli.h"

namespace {

// A standard descriptor that the caller has closed must not become a file or socket of ours, which
// would get what is printed. Writing to this standard output fails.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // Takes the lowest that is free: this one.
    (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  try {
    return ficus::control::run_cli(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "ficus: " << error.what() << '\n';
    return ficus::control::kFailed;
  }
}
