#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "loadtests/support/load_generator.h"

namespace {

volatile bool stop_requested = false;

void on_signal(int) { stop_requested = true; }

}  // namespace

// Prints one line of JSON when the run is over. Exit 0 whatever it saw: judging is the caller's.
int main(int argc, char** argv) {
  ficus::loadtests::LoadOptions options;
  std::string target;
  CLI::App app("HTTP/1.1 keep-alive load on loopback; prints one line of JSON");
  app.add_option("target", target, "address, such as 127.0.0.1:8080")->required();
  app.add_option("--connections", options.connections, "kept open (64)");
  app.add_option("--sources", options.sources, "client addresses 127.0.0.1 … to use");
  app.add_option("--requests", options.requests, "end after so many");
  app.add_option("--seconds", options.seconds, "end after so long");
  app.add_option("--rate", options.rate,
                 "requests a second at fixed times; else as fast as answers come");
  app.add_option("--timeout", options.timeout, "seconds for an answer (10)");
  app.add_option("--report-every", options.report_every, "seconds between progress lines");
  app.add_option("--methods", options.shape.methods, "in turn, such as GET,POST")->delimiter(',');
  app.add_option("--path", options.shape.path);
  app.add_option("--host", options.shape.host);
  app.add_option("--header", options.shape.headers, "'Name: value', in place of a browser's");
  app.add_option("--body", options.shape.body, "bytes that POST, PUT and PATCH carry");
  app.add_flag("--chunked", options.shape.chunked, "send bodies chunked");
  app.add_option("--users", options.shape.users, "virtual users, in turn");
  app.add_option("--user-header", options.shape.user_header, "header that names the user");
  app.add_option("--user-cookie", options.shape.user_cookie, "cookie that names the user");
  CLI11_PARSE(app, argc, argv);
  if (options.requests == 0 && options.seconds <= 0 && options.report_every <= 0) {
    options.seconds = 10;
  }
  options.target = ficus::loadtests::parse_target(target);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  ficus::loadtests::LoadGenerator generator(options);
  std::printf("%s\n", generator.run(stop_requested).json().c_str());
  return 0;
}
