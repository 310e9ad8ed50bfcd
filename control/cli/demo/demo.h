#pragma once

namespace ficus::control::demo {

struct DemoOptions {
  bool serve = false;  // no story: keep everything running until Ctrl-C, to play with
};

// `ficus demo`: two small shops, users, the proxy, and a story that is checked as it is told.
// Returns the exit status: 0 only if everything that was said held, 1 otherwise, 130 if it was
// interrupted. Writes to standard output. Blocks SIGINT and SIGTERM in the calling thread and in
// all that it starts; call it from main's thread, before there are others.
int run_demo(const DemoOptions& options);

}  // namespace ficus::control::demo
