// What a command says to a script when nobody can read its output.

#include <string>

#include "tests/support/catch.h"
#include "tests/support/ficus_process.h"
#include "tests/support/http_backend.h"
#include "tests/support/temporary_folder.h"

namespace ficus::tests {
namespace {

// `ficus ARGUMENTS` with its standard output redirected, as a shell does it.
Finished redirected(const std::string& arguments, const std::string& admin, const char* where) {
  return run(Command{{"/bin/sh", "-c", "exec " + ficus_binary() + " " + arguments + " " + where},
                     {{"FICUS_ADMIN", admin}}});
}

}  // namespace

TEST_CASE("output that cannot be written is exit 1 and told") {
  HttpBackend legacy("legacy");
  TemporaryFolder folder;
  const std::string route = "backends: {old: {endpoints: [\"" + legacy.url() +
                            "\"]}}\nroutes: [{name: shop, match: {path_prefix: /}, legacy: old}]\n";
  const std::string file =
      folder.write("f.yaml", "version: 1\nlisteners: [{address: \"127.0.0.1:0\"}]\n" + route)
          .string();
  FicusProcess ficus(route);
  for (const std::string& arguments :
       {std::string("status"), std::string("status --json"), std::string("status --watch"),
        std::string("routes"), std::string("routes --json"), "check " + file,
        "explain " + file + " GET /", std::string("--help"), std::string("--version")}) {
    for (const char* where : {">/dev/full", ">&-"}) {
      INFO(arguments << " " << where);
      const Finished done = redirected(arguments, ficus.admin_url(), where);
      CHECK(done.exit.code == 1);
      CHECK_THAT(done.error, ContainsSubstring("standard output cannot be written"));
    }
    if (arguments != "status --watch") {
      CHECK(redirected(arguments, ficus.admin_url(), ">/dev/null").exit.code == 0);
    }
  }
}

TEST_CASE("what was found wrong is still told when the summary cannot be written") {
  TemporaryFolder folder;
  const std::string file = folder.write("f.yaml", "version: 2\n").string();
  const Finished done = redirected("check " + file, "", ">/dev/full");
  CHECK(done.exit.code == 2);
  CHECK_THAT(done.error, ContainsSubstring("f.yaml:1") &&
                             ContainsSubstring("standard output cannot be written"));
}

}  // namespace ficus::tests
