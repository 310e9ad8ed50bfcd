#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "loadtests/support/bench_backend.h"

namespace {

volatile bool stop_requested = false;

void on_signal(int) { stop_requested = true; }

}  // namespace

int main(int argc, char** argv) {
  std::string name = "backend";
  ficus::loadtests::Target at;
  ficus::loadtests::BackendBehaviour behaviour;
  CLI::App app(
      "A very cheap HTTP/1.1 backend on loopback; GET /_control?… changes it while it runs");
  app.add_option("--name", name, "named in X-Backend");
  app.add_option("--address", at.host, "of the loopback (127.0.0.1)");
  app.add_option("--port", at.port, "0 chooses one");
  app.add_option("--size", behaviour.size, "bytes of an answer");
  app.add_flag("--chunked", behaviour.chunked);
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  ficus::loadtests::BenchBackend backend(name, at, behaviour);
  std::printf("listening on %s:%u\n", at.host.c_str(), static_cast<unsigned>(backend.port()));
  std::fflush(stdout);
  backend.run(stop_requested);
  return 0;
}
