#include "tests/support/ficus_process.h"

#include <csignal>
#include <sstream>

#include "tests/support/raw_client.h"

namespace ficus::tests {
namespace {

// What `ficus run` logs once it listens, followed by "127.0.0.1:PORT".
constexpr std::string_view kListening = "listening on ";
constexpr std::string_view kAdmin = "admin on ";
// What it logs after SIGHUP: "configuration reloaded" or "configuration refused".
constexpr std::string_view kReload = "configuration re";

bool has_key(const std::string& configuration, std::string_view key) {
  std::istringstream lines(configuration);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) return true;
  }
  return false;
}

// The addresses stay the same text over a reload, or the listener would be another one.
std::string complete(const std::string& configuration) {
  std::string text;
  if (!has_key(configuration, "version")) text += "version: 1\n";
  if (!has_key(configuration, "listeners")) {
    text += "listeners: [{address: \"127.0.0.1:0\"}]\n";
  }
  if (!has_key(configuration, "admin")) {
    text += "admin: {address: \"127.0.0.1:0\"}\n";
  }
  // A client that keeps its connection would hold up every test's end for the usual two seconds.
  if (!has_key(configuration, "drain")) text += "drain: {delay: 0s, timeout: 5s}\n";
  return text + configuration;
}

std::uint16_t port_in(const std::string& line, std::string_view before) {
  const std::size_t at = line.find(before);
  const std::size_t colon = line.find(':', at + before.size());
  if (at == std::string::npos || colon == std::string::npos) {
    throw HarnessError("no port in the line: " + line);
  }
  return static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
}

Command run_command(const std::string& config_file, int descriptors) {
  if (descriptors == 0) return {{ficus_binary(), "run", config_file}};
  return {{"sh", "-c", "ulimit -n \"$0\" && exec \"$@\"", std::to_string(descriptors),
           ficus_binary(), "run", config_file}};
}

struct AdminRequest {
  std::string_view method;
  std::string_view path;
  std::string_view json{};
};

HttpMessage send_to(std::uint16_t port, const AdminRequest& request) {
  std::string text = std::string(request.method) + " " + std::string(request.path) +
                     " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                     "\r\nConnection: close\r\n";
  if (!request.json.empty()) {
    text +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(request.json.size()) +
        "\r\n";
  }
  return fetch(port, text + "\r\n" + std::string(request.json));
}

}  // namespace

FicusProcess::FicusProcess(const std::string& configuration, int descriptors)
    : config_file_(folder_.write("ficus.yaml", complete(configuration))),
      process_(std::make_unique<Process>(run_command(config_file_.string(), descriptors))) {
  // The two lines come in either order.
  for (int lines = 0; lines < 2; ++lines) {
    const std::string line = process_->wait_for_line(" on 127.0.0.1:");
    if (line.find(kAdmin) != std::string::npos) {
      admin_port_ = port_in(line, kAdmin);
    } else {
      port_ = port_in(line, kListening);
    }
  }
}

HttpMessage FicusProcess::admin_get(std::string_view path) const {
  return send_to(admin_port_, {"GET", path});
}

HttpMessage FicusProcess::admin_put(std::string_view path, std::string_view json) const {
  return send_to(admin_port_, {"PUT", path, json});
}

HttpMessage FicusProcess::admin_post(std::string_view path, std::string_view json) const {
  return send_to(admin_port_, {"POST", path, json});
}

HttpMessage FicusProcess::admin_delete(std::string_view path) const {
  return send_to(admin_port_, {"DELETE", path});
}

std::string FicusProcess::reload(const std::string& configuration) {
  folder_.write("ficus.yaml", complete(configuration));
  process_->signal(SIGHUP);
  return process_->wait_for_line(kReload);
}

void FicusProcess::terminate(milliseconds patience) {
  process_->signal(SIGTERM);
  const Exit exit = process_->wait(patience);
  if (exit.code == 0) return;
  throw HarnessError("ficus ended with code " + std::to_string(exit.code) + ", signal " +
                     std::to_string(exit.signal) + "; its output:\n" + process_->output());
}

Finished FicusProcess::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), ficus_binary());
  return run(Command{std::move(arguments), {{"FICUS_ADMIN", admin_url()}}});
}

std::string ficus_binary() { return FICUS_BINARY; }

Finished run_ficus(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ficus_binary());
  return run(Command{std::move(arguments)});
}

}  // namespace ficus::tests
