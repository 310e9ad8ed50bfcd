#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

std::string shop(const HttpBackend& legacy, const HttpBackend& fresh, const std::string& weight) {
  return "backends:\n  old: {endpoints: [\"" + legacy.url() + "\"]}\n  new: {endpoints: [\"" +
         fresh.url() + "\"]}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, " +
         "new: new, weight: " + weight + ", guard: {slow_start: false}}\n";
}

}  // namespace

TEST_CASE("a reload is taken whole, or not at all and says why") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus(shop(legacy, fresh, "0"));
  CHECK_THAT(ficus.reload(shop(legacy, fresh, "100")), ContainsSubstring("reloaded"));
  CHECK(get(ficus.port(), "/").body == "new");

  CHECK_THAT(ficus.reload(shop(legacy, fresh, "101")), ContainsSubstring("refused"));
  CHECK(get(ficus.port(), "/").body == "new");
  CHECK(eventually([&] {
    return ficus.admin_get("/metrics").body.find("ficus_config_last_reload_success 0") !=
           std::string::npos;
  }));
  CHECK_THAT(ficus.reload("workers: 7\n" + shop(legacy, fresh, "0")), ContainsSubstring("refused"));
  CHECK_THAT(ficus.process().output(), ContainsSubstring("workers: cannot change while running"));
  CHECK_THAT(ficus.reload(shop(legacy, fresh, "0")), ContainsSubstring("reloaded"));
  CHECK(get(ficus.port(), "/").body == "legacy");
}

TEST_CASE("weights and latches survive a reload") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus(shop(legacy, fresh, "0"));
  CHECK(ficus.command({"weight", "shop", "100", "--reason", "go"}).exit.code == 0);
  CHECK_THAT(ficus.reload(shop(legacy, fresh, "0")), ContainsSubstring("reloaded"));
  CHECK(get(ficus.port(), "/").body == "new");
  CHECK(ficus.command({"rollback", "shop", "--reason", "no"}).exit.code == 0);
  CHECK_THAT(ficus.reload(shop(legacy, fresh, "50")), ContainsSubstring("reloaded"));
  for (int i = 0; i < 8; ++i) CHECK(get(ficus.port(), "/").body == "legacy");
}

TEST_CASE("SIGTERM makes it not ready, then ends with 0") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus("drain: {delay: 10s, timeout: 5s}\n" + shop(legacy, fresh, "0"));
  CHECK(ficus.admin_get("/readyz").status() == 200);
  ficus.process().signal(SIGTERM);
  CHECK(eventually([&] { return ficus.admin_get("/readyz").status() == 503; }));
  CHECK(get(ficus.port(), "/").body == "legacy");
  ficus.process().signal(SIGHUP);
  CHECK_THAT(ficus.process().wait_for_line("SIGHUP"),
             ContainsSubstring("the configuration is not loaded"));
  ficus.process().signal(SIGTERM);
  CHECK(ficus.process().wait().code == 0);
}

TEST_CASE("SIGUSR1 opens the access log anew while draining too") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  TemporaryFolder folder;
  const auto log = folder.path() / "access";
  FicusProcess ficus("drain: {delay: 10s, timeout: 5s}\naccess_log: {path: " + log.string() +
                     "}\n" + shop(legacy, fresh, "0"));
  ficus.process().signal(SIGTERM);
  CHECK(eventually([&] { return ficus.admin_get("/readyz").status() == 503; }));
  std::filesystem::rename(log, folder.path() / "access.1");
  ficus.process().signal(SIGUSR1);
  CHECK(eventually([&] { return std::filesystem::exists(log); }));
  ficus.process().signal(SIGTERM);
  CHECK(ficus.process().wait().code == 0);
}

TEST_CASE("SIGUSR2, which hands over elsewhere, does no harm, and SIGQUIT drains and ends with 0") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  FicusProcess ficus("drain: {delay: 0s, timeout: 5s}\n" + shop(legacy, fresh, "0"));
  ficus.process().signal(SIGUSR2);
  CHECK(eventually(
      [&] { return ficus.process().output().find("not in this version") != std::string::npos; }));
  CHECK(get(ficus.port(), "/").body == "legacy");
  ficus.process().signal(SIGQUIT);
  CHECK(ficus.process().wait().code == 0);
}

TEST_CASE("a port in use is named with its place in the file") {
  HttpBackend legacy("legacy");
  TemporaryFolder folder;
  const std::string backends = "backends: {old: {endpoints: [\"" + legacy.url() +
                               "\"]}}\nroutes: [{name: shop, match: {path_prefix: /}, legacy: "
                               "old}]\n";
  const std::string taken = "127.0.0.1:" + std::to_string(legacy.port());
  const auto listener =
      folder.write("listener.yaml", "version: 1\nlisteners:\n  - address: \"" + taken +
                                        "\"\nadmin: {address: \"127.0.0.1:0\"}\n" + backends);
  const Finished first = run_ficus({"run", listener.string()});
  CHECK(first.exit.code == 1);
  CHECK_THAT(first.error, ContainsSubstring("listener.yaml:3") && ContainsSubstring(taken));

  const auto admin = folder.write("admin.yaml",
                                  "version: 1\nlisteners: [{address: \"127.0.0.1:0\"}]\nadmin: "
                                  "{address: \"" +
                                      taken + "\"}\n" + backends);
  const Finished second = run_ficus({"run", admin.string()});
  CHECK(second.exit.code == 1);
  CHECK_THAT(second.error, ContainsSubstring("admin.yaml:3") && ContainsSubstring(taken));
}

TEST_CASE("explain says which route, side and backend, and what would be sent") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  TemporaryFolder folder;
  const auto file =
      folder.write("ficus.yaml", "version: 1\nlisteners: [{address: \"127.0.0.1:0\"}]\n" +
                                     shop(legacy, fresh, "5"));
  const Finished answer =
      run_ficus({"explain", file.string(), "GET", "http://shop.example/a?b=1", "-H", "X-A: b"});
  CHECK(answer.exit.code == 0);
  CHECK_THAT(answer.out, ContainsSubstring("shop at 5 % new") &&
                             ContainsSubstring("weight: drawn anew") &&
                             ContainsSubstring("GET /a?b=1 HTTP/1.1") &&
                             ContainsSubstring("X-A: b") && ContainsSubstring("X-Forwarded-For"));
  CHECK_THAT(run_ficus({"explain", file.string(), "GET", "https://shop.example/a"}).out,
             ContainsSubstring("X-Forwarded-Proto: https\n"));
  CHECK(run_ficus({"explain", file.string(), "GET", "/%00"}).exit.code == 2);
  CHECK(run_ficus({"check", file.string()}).exit.code == 0);
}

}  // namespace ficus::tests
