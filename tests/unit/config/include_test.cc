#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

std::string including(const std::string& list) {
  return with_route("weight: 5") + "include: [" + list + "]\n";
}

std::string told_with(const std::string& included) {
  Scripted around;
  around.files["more.yaml"] = included;
  return told(including("more.yaml"), around);
}

}  // namespace

TEST_CASE("included files bring backends and routes, after those of the main file") {
  Scripted around;
  around.files["d/b.yaml"] = "version: 1\nbackends: {cart: {endpoints: [\"http://c:1\"]}}\n";
  around.files["d/c.yaml"] = "routes: [{name: cart, match: {path: /c}, legacy: cart}]\n";
  around.patterns["d/*.yaml"] = {"d/b.yaml", "d/c.yaml"};
  const LoadOutcome outcome = around.load(including("d/*.yaml"));
  CHECK(texts(outcome).empty());
  REQUIRE(outcome.config);
  CHECK(outcome.config->backends.size() == 3);
  REQUIRE(outcome.config->routes.size() == 2);
  CHECK(outcome.config->routes[1].name == "cart");
  CHECK(outcome.config->routes[1].at.file == "d/c.yaml");
}

TEST_CASE("included paths are relative to the folder of the main file") {
  Scripted around;
  around.files["/etc/ficus/more.yaml"] = "routes: [{name: b, match: {path: /b}, legacy: old-shop}]";
  around.files["/abs/x.yaml"] = "routes: [{name: c, match: {path: /c}, legacy: old-shop}]";
  const LoadOutcome outcome = load_text(including("./more.yaml, /abs/x.yaml"),
                                        "/etc/ficus/ficus.yaml", around.environment());
  REQUIRE(outcome.config);
  CHECK(outcome.config->routes.size() == 3);
}

TEST_CASE("routes alone may live in included files") {
  Scripted around;
  around.files["r.yaml"] =
      "backends: {a: {endpoints: [\"http://a\"]}}\nroutes: [{name: x, legacy: a}]";
  CHECK(
      told("version: 1\nlisteners: [{address: 0.0.0.0:80}]\ninclude: [r.yaml]\n", around).empty());
}

TEST_CASE("a pattern that fits nothing is a warning, a missing file an error") {
  CHECK(told(including("d/*.yaml")) ==
        "f.yaml:8:11: warning: include[0]: `d/*.yaml` fits no file\n");
  CHECK(Scripted().load(including("d/*.yaml")).config);
  CHECK(told(including("none.yaml")) ==
        "f.yaml:8:11: include[0]: `none.yaml` cannot be read: No such file or directory\n");
}

TEST_CASE("a file that two patterns fit is read once") {
  Scripted around;
  around.files["a.yaml"] = "routes: [{name: b, match: {path: /b}, legacy: old-shop}]";
  around.patterns["*.yaml"] = {"a.yaml"};
  CHECK(told(including("'*.yaml', a.yaml"), around).empty());
}

TEST_CASE("included files hold nothing else, and include nothing") {
  CHECK(told_with("workers: 3\ninclude: [x]\ntls: 1\nmetrics: 1\nversion: 2\n") ==
        "more.yaml:1:1: workers: belongs into the main file; an included file holds only "
        "`backends` and `routes`\n"
        "more.yaml:2:1: include: belongs into the main file; an included file holds only "
        "`backends` and `routes`\n"
        "more.yaml:3:1: tls: is an unknown key; known here: access_log, admin, backends, "
        "defaults, drain, group, include, limits, listeners, metrics, revision, routes, state_dir, "
        "user, version, workers\n"
        "more.yaml:4:1: metrics: belongs into the main file; an included file holds only "
        "`backends` and `routes`\n"
        "more.yaml:5:10: version: `2` is more than allowed: 1\n");
  CHECK_THAT(told(including("f.yaml")), ContainsSubstring("includes the file that it stands in"));
  CHECK_THAT(told(including("''")), ContainsSubstring("is empty"));
}

TEST_CASE("names are unique over all files, and both places are named") {
  CHECK(told_with("backends:\n  old-shop: {endpoints: [\"http://c:1\"]}\n"
                  "routes:\n  - {name: shop, match: {path: /c}, legacy: old-shop}\n") ==
        "more.yaml:2:3: backends.old-shop: is already given in f.yaml:4\n"
        "more.yaml:4:12: routes[0].name: `shop` is already the name of f.yaml:7\n");
}

TEST_CASE("a broken included file does not make its names look missing") {
  CHECK_THAT(told_with("routes: [\n"), ContainsSubstring("more.yaml:"));
  Scripted around;
  around.files["more.yaml"] = "backends: {cart: {endpoints: [\n";
  const std::string all =
      told(with_routes("  - {name: a, legacy: cart}\n") + "include: [more.yaml]\n", around);
  CHECK(all.find("no backend") == std::string::npos);
  CHECK_THAT(all, ContainsSubstring("more.yaml:"));
}

TEST_CASE("errors of all files come in the order of the files") {
  Scripted around;
  around.files["b.yaml"] = "x: 1\n";
  around.files["a.yaml"] = "y: 1\n";
  const LoadOutcome outcome = around.load("zz: 1\n" + including("b.yaml, a.yaml"));
  REQUIRE(outcome.diagnostics.size() == 3);
  CHECK(outcome.diagnostics[0].at.file == "f.yaml");
  CHECK(outcome.diagnostics[1].at.file == "b.yaml");
  CHECK(outcome.diagnostics[2].at.file == "a.yaml");
}
