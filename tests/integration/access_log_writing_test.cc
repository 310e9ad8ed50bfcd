// Where the lines of the access log go, and what happens when they cannot.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

std::string config(const HttpBackend& backend, const std::string& log) {
  return (log.empty() ? "" : "access_log: {" + log + "}\n") +
         "workers: 2\nbackends: {only: {endpoints: [\"" + backend.url() +
         "\"]}}\nroutes: [{name: all, legacy: only}]\n";
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Requests on connections of their own, one after another, until told to stop. Each has a path of
// its own.
class Load {
 public:
  Load(std::uint16_t port, int clients) {
    for (int i = 0; i < clients; ++i) threads_.emplace_back([this, port, i] { run(port, i); });
  }
  ~Load() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::size_t sent() const { return sent_; }
  std::size_t failed() const { return failed_; }
  void wait_for_more(std::size_t count) const {
    const std::size_t goal = sent_ + count;
    if (!eventually([&] { return sent_ >= goal; })) throw HarnessError("the load came to a stop");
  }

 private:
  void run(std::uint16_t port, int client) {
    try {
      RawClient connection(port);
      for (int i = 0; !stopping_; ++i) {
        const std::string path = "/" + std::to_string(client) + "/" + std::to_string(i);
        failed_ += connection.exchange(request("GET " + path)).status() == 200 ? 0 : 1;
        ++sent_;
      }
    } catch (const HarnessError&) {
      ++failed_;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> sent_{0};
  std::atomic<std::size_t> failed_{0};
  std::vector<std::thread> threads_;
};

double dropped(const FicusProcess& ficus) {
  const std::string metrics = ficus.admin_get("/metrics").body;
  const std::string name = "\nficus_access_log_dropped_total ";
  const std::size_t at = metrics.find(name);
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + name.size()));
}

// Every line whole and once.
bool all_different_and_whole(const std::string& text) {
  std::set<std::string> seen;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) return false;
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with("GET /") || !line.ends_with(" 200")) return false;
    if (!seen.insert(line).second) return false;
    at = end + 1;
  }
  return true;
}

constexpr const char* kShort = ", format: \"GET {path} {status}\"";

}  // namespace

TEST_CASE("access log: what was logged before the end is written, in order") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string path = folder.path() / "access.log";
  FicusProcess ficus(config(backend, "path: " + path + kShort));
  RawClient client(ficus.port());
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    CHECK(client.exchange(request("GET /" + std::to_string(i))).status() == 200);
    expected += "GET /" + std::to_string(i) + " 200\n";
  }
  ficus.terminate();
  CHECK(read_file(path) == expected);
}

TEST_CASE("access log: rotation by SIGUSR1 under load loses no line") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "access.log";
  FicusProcess ficus(config(backend, "path: " + path.string() + kShort));
  Load load(ficus.port(), 2);
  constexpr int kRotations = 5;
  for (int i = 0; i < kRotations; ++i) {
    load.wait_for_more(200);
    std::filesystem::rename(path, path.string() + "." + std::to_string(i));
    ficus.process().signal(SIGUSR1);
    ficus.process().wait_for_line("access log opened anew");
  }
  load.wait_for_more(200);
  load.stop();
  ficus.terminate();
  std::string all;
  for (int i = 0; i < kRotations; ++i) {
    const std::string part = read_file(path.string() + "." + std::to_string(i));
    CHECK_FALSE(part.empty());
    all += part;
  }
  all += read_file(path);
  CHECK(load.failed() == 0);
  CHECK(lines_in(all) == load.sent());
  CHECK(all_different_and_whole(all));
}

TEST_CASE("access log: a full disk fails no request, lines are dropped and counted") {
  HttpBackend backend("only");
  // Long lines, so that the memory for them is soon full.
  FicusProcess ficus(config(
      backend, "path: /dev/full, format: \"" + std::string(4000, 'x') + "{path} {status}\""));
  Load load(ficus.port(), 2);
  CHECK_THAT(ficus.process().wait_for_line("access log /dev/full"),
             ContainsSubstring("cannot be written: No space left on device"));
  CHECK(eventually([&] { return dropped(ficus) > 0; }));
  load.wait_for_more(200);
  load.stop();
  CHECK(load.failed() == 0);
  ficus.terminate();
  CHECK_THAT(ficus.process().error(), ContainsSubstring("lines could not be written"));
}

TEST_CASE("access log: a file at its limit is continued where it was cut, with no line torn") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string path = folder.path() / "access.log";
  FicusProcess ficus(config(backend, "path: " + path + kShort));
  rlimit limit{};
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_FSIZE, nullptr, &limit) == 0);
  rlimit low = limit;
  low.rlim_cur = 1003;
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_FSIZE, &low, nullptr) == 0);
  Load load(ficus.port(), 4);
  ficus.process().wait_for_line("cannot be written: File too large");
  load.wait_for_more(100);
  CHECK(read_file(path).size() == 1003);
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
  ficus.process().wait_for_line("is written again; 0 lines were dropped");
  load.stop();
  CHECK(load.failed() == 0);
  ficus.terminate();
  CHECK(lines_in(read_file(path)) == load.sent());
  CHECK(all_different_and_whole(read_file(path)));
}

TEST_CASE("access log: a pipe that nobody empties holds up neither requests nor the end") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string path = folder.path() / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  FicusProcess ficus(
      config(backend, "path: " + path + ", format: \"" + std::string(4000, 'x') + "{path}\""));
  Load load(ficus.port(), 2);
  CHECK(eventually([&] { return dropped(ficus) > 0; }));
  load.stop();
  CHECK(load.failed() == 0);
  ficus.terminate();
}

TEST_CASE("access log: standard output takes lines too") {
  HttpBackend backend("only");
  FicusProcess ficus(config(backend, std::string("path: /dev/stdout") + kShort));
  CHECK(RawClient(ficus.port()).exchange(request("GET /x")).status() == 200);
  CHECK(eventually([&] { return ficus.process().out() == "GET /x 200\n"; }));
  ficus.process().signal(SIGUSR1);
  CHECK(RawClient(ficus.port()).exchange(request("GET /y")).status() == 200);
  CHECK(eventually([&] { return ficus.process().out() == "GET /x 200\nGET /y 200\n"; }));
}

TEST_CASE("access log: a reload switches it on, changes it, moves it and switches it off") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string one = folder.path() / "one.log";
  const std::string two = folder.path() / "two.log";
  FicusProcess ficus(config(backend, ""));
  RawClient client(ficus.port());
  const auto ask = [&](const std::string& path) {
    CHECK(client.exchange(request("GET " + path)).status() == 200);
  };
  const auto reload = [&](const std::string& log) {
    CHECK_THAT(ficus.reload(config(backend, log)), ContainsSubstring("reloaded"));
  };
  ask("/silent");
  reload("path: " + one + ", format: \"{path}\"");
  ask("/1");
  reload("path: " + one + ", format: \"{path} {status}\"");
  ask("/2");
  reload("path: " + two + ", format: \"{path}\"");
  ask("/3");
  reload("");
  ask("/silent");
  reload("path: " + two + ", format: \"{path}\"");
  ask("/4");
  ficus.terminate();
  CHECK(read_file(one) == "/1\n/2 200\n");
  CHECK(read_file(two) == "/3\n/4\n");
}

TEST_CASE("access log: a path that cannot be opened is told with its place, and changes nothing") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::string missing = (folder.path() / "none" / "access.log").string();
  const std::string text = config(backend, "path: " + missing);
  const std::string file =
      folder.write("f.yaml",
                   "version: 1\nadmin: {address: \"127.0.0.1:0\"}\nlisteners: [{address: "
                   "\"127.0.0.1:0\"}]\n" +
                       text);
  const Finished start = run_ficus({"run", file});
  CHECK(start.exit.code == 1);
  CHECK_THAT(start.error, ContainsSubstring(file + ":4:20: access_log.path: " + missing +
                                            " cannot be opened: No such file or directory; its "
                                            "folder must exist\n"));

  const std::string good = folder.path() / "access.log";
  FicusProcess ficus(config(backend, "path: " + good + kShort));
  CHECK_THAT(ficus.reload(text), ContainsSubstring("refused"));
  CHECK_THAT(ficus.process().error(), ContainsSubstring("access_log.path: " + missing));
  CHECK(RawClient(ficus.port()).exchange(request("GET /x")).status() == 200);
  CHECK(eventually([&] { return read_file(good) == "GET /x 200\n"; }));
}

TEST_CASE("access log: a file that cannot be opened anew stays in use") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  const std::filesystem::path sub = folder.path() / "logs";
  std::filesystem::create_directory(sub);
  FicusProcess ficus(config(backend, "path: " + (sub / "access.log").string() + kShort));
  std::filesystem::rename(sub, folder.path() / "moved");
  ficus.process().signal(SIGUSR1);
  CHECK_THAT(ficus.process().wait_for_line("access log: "),
             ContainsSubstring("; the file before stays in use"));
  CHECK(RawClient(ficus.port()).exchange(request("GET /x")).status() == 200);
  ficus.terminate();
  CHECK(read_file(folder.path() / "moved" / "access.log") == "GET /x 200\n");
}
