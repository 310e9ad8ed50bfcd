// `ficus check` as people and CI run it, and the same warnings in the log of a running proxy.

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/scripted_backend.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

// Two sides: W04 unless `writes` is given, W09 unless there is a health check.
std::string two_sides(const std::string& legacy, const std::string& fresh,
                      const std::string& of_new = {}, const std::string& route = {}) {
  return "backends:\n  old: {endpoints: [\"" + legacy + "\"]}\n  new: {endpoints: [\"" + fresh +
         "\"]" + of_new + "}\nroutes:\n" +
         "  - {name: shop, match: {path_prefix: /}, legacy: old, new: new, weight: 5" + route +
         "}\n";
}

const std::string kHead = "version: 1\nlisteners: [{address: 127.0.0.1:8080}]\n";
const std::string kChecked = ", health_check: {path: /, interval: 100ms}";
const std::string kSound = ", writes: shared, sticky: {by: [\"cookie:uid\"]}";

class File {
 public:
  explicit File(const std::string& text) : path_(folder_.write("f.yaml", text).string()) {}

  Finished check(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> arguments{"check", path_};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run_ficus(arguments);
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

std::string sound(const std::string& more = {}) {
  return kHead + more + two_sides("http://127.0.0.1:1", "http://127.0.0.1:2", kChecked, kSound);
}

std::string doubtful() { return kHead + two_sides("http://127.0.0.1:1", "http://127.0.0.1:2"); }

}  // namespace

TEST_CASE("ficus check: a sound file is exit 0, strict or not, with nothing on stderr") {
  const File file(sound());
  for (const auto& options : {std::vector<std::string>{}, {"--strict"}}) {
    const Finished done = file.check(options);
    CHECK(done.exit.code == 0);
    CHECK(done.error.empty());
    CHECK_THAT(done.out, ContainsSubstring("f.yaml: no errors\n"));
  }
}

TEST_CASE("ficus check: warnings are exit 0, and 2 with --strict, in the same words") {
  const File file(doubtful());
  const Finished lenient = file.check();
  CHECK(lenient.exit.code == 0);
  CHECK_THAT(lenient.error, ContainsSubstring("f.yaml:7:5: warning W04: routes[0]: ") &&
                                ContainsSubstring("warning W09: backends.new: "));
  CHECK_THAT(lenient.out, ContainsSubstring("no errors, 2 warnings\n"));
  const Finished strict = file.check({"--strict"});
  CHECK(strict.exit.code == 2);
  CHECK(strict.error == lenient.error);
  CHECK_THAT(strict.out, ContainsSubstring("no errors, 2 warnings; --strict accepts none\n"));
}

TEST_CASE("ficus check: what is allowed with a reason is no warning, strict or not") {
  std::string text = doubtful();
  text.insert(text.find("  - {name"), "  # ficus: allow W04 one database\n");
  text.insert(text.find("  new:"), "  # ficus: allow W09 checked elsewhere\n");
  const Finished done = File(text).check({"--strict"});
  CHECK(done.exit.code == 0);
  CHECK(done.error.empty());
}

TEST_CASE("ficus check: errors are exit 2, all of them at once, warnings among them") {
  const Finished done = File(doubtful() + "wokers: 2\nlimits: {max_headers: many}\n").check();
  CHECK(done.exit.code == 2);
  CHECK_THAT(done.error, ContainsSubstring("did you mean `workers`") &&
                             ContainsSubstring("limits.max_headers: `many`"));
  CHECK_THAT(done.out, ContainsSubstring("f.yaml: 2 errors"));
  CHECK(run_ficus({"check", "/nonexistent/f.yaml"}).exit.code == 2);
  CHECK(run_ficus({"check"}).exit.code == 2);
  CHECK(File(sound()).check({"--no-such-option"}).exit.code == 2);
}

TEST_CASE("ficus check: what --probe finds is exit 0, and 2 with --strict") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const File file(kHead + two_sides(legacy.url(), fresh.url(), kChecked, kSound));
  const Finished well = file.check({"--probe", "--strict"});
  CHECK(well.exit.code == 0);
  CHECK_THAT(well.out, ContainsSubstring("new  " + fresh.url() + "  GET /: 200 text/plain"));
  fresh.stop();
  const Finished down = file.check({"--probe"});
  CHECK(down.exit.code == 0);
  CHECK_THAT(down.error, ContainsSubstring("warning: backends.new.endpoints[0]: probe: "));
  CHECK(file.check({"--probe", "--strict"}).exit.code == 2);
  CHECK(file.check({"--strict"}).exit.code == 0);
}

TEST_CASE(
    "ficus run: the warnings are in the log at the start and at each reload, refusing nothing") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const std::string without = two_sides(legacy.url(), fresh.url(), kChecked, kSound);
  const std::string with = two_sides(legacy.url(), fresh.url(), kChecked);
  const auto warnings = [](FicusProcess& ficus) {
    const std::string output = ficus.process().output();
    std::size_t count = 0;
    for (std::size_t at = output.find("warning W04: routes[0]"); at != std::string::npos;
         at = output.find("warning W04: routes[0]", at + 1)) {
      ++count;
    }
    return count;
  };
  FicusProcess ficus(with);
  CHECK(eventually([&] { return warnings(ficus) == 1; }));
  CHECK_THAT(ficus.reload(with), ContainsSubstring("configuration reloaded"));
  CHECK(eventually([&] { return warnings(ficus) == 2; }));
  CHECK_THAT(ficus.reload(without), ContainsSubstring("configuration reloaded"));
  CHECK_THAT(ficus.reload(with + "wokers: 1\n"), ContainsSubstring("configuration refused"));
  CHECK(warnings(ficus) == 2);

  FicusProcess silent(without);
  CHECK_THAT(silent.reload(without), ContainsSubstring("configuration reloaded"));
  CHECK(warnings(silent) == 0);
}

}  // namespace ficus::tests
