// ficus_cpu_seconds_total: whose CPU time it is.

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/raw_client.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

using Times = std::map<std::string, double>;

Times cpu_times(const FicusProcess& ficus) {
  Times times;
  std::istringstream lines(ficus.admin_get("/metrics").body);
  const std::string before = "ficus_cpu_seconds_total{part=\"";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(before)) continue;
    const std::size_t end = line.find('"', before.size());
    times[line.substr(before.size(), end - before.size())] =
        std::stod(line.substr(line.rfind(' ')));
  }
  return times;
}

double sum(const Times& times) {
  double total = 0;
  for (const auto& [part, seconds] : times) total += seconds;
  return total;
}

// utime and stime of proc(5), in seconds.
double of_process(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  double user = 0;
  double system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

TEST_CASE("CPU time is told by part, never falls, and is all of the process") {
  HttpBackend legacy("legacy");
  TemporaryFolder folder;
  const std::string file = "access_log: {path: " + (folder.path() / "log").string() +
                           "}\nbackends: {old: {endpoints: [\"" + legacy.url() +
                           "\"]}}\nroutes: [{name: shop, legacy: old}]\n";
  FicusProcess ficus(file);
  Times before = cpu_times(ficus);
  for (const char* part : {"worker", "control", "admin", "loader", "resolver", "log", "other"}) {
    INFO(part);
    CHECK(before.count(part) == 1);
  }
  CHECK(before.size() == 7);
  CHECK(before["loader"] == 0);
  CHECK(before["control"] > 0);

  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 50; ++i) CHECK(get(ficus.port(), "/").status() == 200);
    CHECK_THAT(ficus.reload("revision: r" + std::to_string(round) + "\n" + file),
               ContainsSubstring("reloaded"));
    const double least = of_process(ficus.process().pid());
    Times now = cpu_times(ficus);
    const double most = of_process(ficus.process().pid());
    for (const auto& [part, seconds] : now) {
      INFO(part);
      CHECK(seconds >= before[part]);
    }
    CHECK(now["worker"] > before["worker"]);
    CHECK(now["loader"] > before["loader"]);  // its thread ends with each reload
    CHECK(now["admin"] > before["admin"]);
    CHECK(sum(now) > least - 0.05);
    CHECK(sum(now) < most + 0.05);
    before = now;
  }
}

}  // namespace ficus::tests
