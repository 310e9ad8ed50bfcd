// Chromium through TLS.

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>

#include "tests/integration/real/front.h"
#include "tests/support/catch.h"
#include "tests/support/real_software.h"

using namespace ficus::tests;

namespace {

// 100 MB each way, with sanitizers, on a machine that other tests keep busy.
constexpr milliseconds kPagePatience{100'000};

// The sandbox needs what containers and root do not have; the page is ours.
Command chromium(const TemporaryFolder& home, const std::string& url) {
  Command command{{"chromium", "--headless=new", "--no-sandbox", "--disable-gpu"}};
  for (const char* option :
       {"--disable-dev-shm-usage", "--disable-breakpad", "--disable-crash-reporter",
        "--disable-extensions", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run", "--no-proxy-server", "--ignore-certificate-errors"}) {
    command.arguments.emplace_back(option);
  }
  const std::string folder = home.path().string();
  command.arguments.push_back("--user-data-dir=" + folder + "/profile");
  command.arguments.push_back(url);
  command.environment = {{"HOME", folder}, {"XDG_CONFIG_HOME", folder}, {"XDG_CACHE_HOME", folder}};
  return command;
}

// Ubuntu has it as a snap only, which needs a service of its own: skipped there even in CI.
bool have_chromium() {
  const bool ubuntu = std::filesystem::exists("/etc/os-release") &&
                      read_file("/etc/os-release").find("\nID=ubuntu") != std::string::npos;
  if (!ubuntu || find_program("chromium")) return have_programs({"chromium"});
  std::cout << "SKIPPED: Ubuntu has no package of Chromium" << std::endl;
  return false;
}

}  // namespace

TEST_CASE("a page in Chromium has WebSocket, events, 100 MB up and 100 MB down, through TLS") {
  if (!have_programs({"python3", "openssl"}) || !have_chromium()) return;
  Process backend(Command{{"python3", "-B", FICUS_REAL_SCRIPTS "/browser_backend.py"}});
  const std::string listening = backend.wait_for_line("listening on ");
  Front front(Scheme::https, "http://127.0.0.1:" + listening.substr(listening.find("on ") + 3));

  const TemporaryFolder home;
  Process browser(chromium(home, front.url() + "/"));
  const std::string result = backend.wait_for_line("result ", kPagePatience);
  INFO(result);
  for (const char* const step : {"webSocket", "events", "upload", "download"}) {
    CHECK_THAT(result, ContainsSubstring("\"" + std::string(step) + "\":\"ok\""));
  }

  // Asked to, it ends its many processes; killed, it would leave them to notice.
  browser.signal(SIGTERM);
  browser.wait();
  front.ficus().terminate();
}
