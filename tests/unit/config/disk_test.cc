#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ficus-config-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  std::string path_;
};

std::string only(const LoadOutcome& outcome) {
  REQUIRE(outcome.diagnostics.size() == 1);
  return outcome.diagnostics.front().text();
}

}  // namespace

TEST_CASE("a file is loaded from the disk with its includes and value files") {
  const Folder folder;
  const std::string key = folder.write("key", "rev-7\n");
  folder.write("routes.d/b.yaml", "routes: [{name: b, match: {path: /b}, legacy: old-shop}]\n");
  folder.write("routes.d/a.yaml", "routes: [{name: a, match: {path: /a}, legacy: old-shop}]\n");
  const std::string main =
      folder.write("ficus.yaml", with_route("weight: 5") + "include: [routes.d/*.yaml]\n" +
                                     "revision: ${file:" + key + "}\n");
  const LoadOutcome outcome = load(main);
  CHECK(texts(outcome).empty());
  REQUIRE(outcome.config);
  CHECK(outcome.config->revision == "rev-7");
  REQUIRE(outcome.config->routes.size() == 3);
  CHECK(outcome.config->routes[1].name == "a");
  CHECK(outcome.config->routes[2].name == "b");
}

TEST_CASE("files that cannot be read each have their message") {
  const Folder folder;
  SECTION("missing") {
    CHECK(only(load(folder.path("none.yaml"))) ==
          folder.path("none.yaml") + ": cannot be read: No such file or directory");
  }
  SECTION("a directory") {
    CHECK(only(load(folder.path(""))) == folder.path("") + ": is a directory, not a file");
  }
  SECTION("10 MiB") {
    const std::string path = folder.write("big.yaml", std::string(10 * 1024 * 1024, 'a'));
    CHECK(only(load(path)) == path + ": is larger than 4MiB, the most that is read");
  }
  SECTION("without end") {
    CHECK(only(load("/dev/zero")) == "/dev/zero: is larger than 4MiB, the most that is read");
  }
  SECTION("no permission") {
    const std::string path = folder.write("closed.yaml", "version: 1\n");
    REQUIRE(::chmod(path.c_str(), 0) == 0);
    if (::geteuid() != 0) {  // root may read everything
      CHECK(only(load(path)) == path + ": cannot be read: Permission denied");
    }
  }
}
