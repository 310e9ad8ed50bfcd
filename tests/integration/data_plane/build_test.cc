// What the answers of the new side say about its build, and what a new one brings about.

#include <cstdlib>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

struct Shop {
  Shop() { answer(legacy, ""); }

  // One connection an answer, so that the next one follows another script.
  static void answer(ScriptedBackend& backend, const std::string& fields, int status = 200) {
    backend.on_every_connection({read_request(),
                                 send("HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields +
                                      "Connection: close\r\nContent-Length: 2\r\n\r\nok"),
                                 close_connection()});
  }
  void deploy(const std::string& build, int status = 200) {
    answer(fresh, "X-Build: " + build + "\r\n", status);
  }

  // `keys` of the new side's backend.
  std::string config(const std::string& keys) const {
    return "workers: 1\nbackends:\n  old: {endpoints: [\"" + legacy.url() +
           "\"]}\n  fresh: {endpoints: [\"" + fresh.url() + "\"" + more + "], " + keys +
           "}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, new: fresh, "
           "weight: 100}\n";
  }

  ScriptedBackend legacy;
  ScriptedBackend fresh;
  std::string more;  // endpoints of the new side
};

std::string get(const FicusProcess& ficus) {
  RawClient client(ficus.port());
  return client.exchange(request("GET /")).raw;
}

std::string route(const FicusProcess& ficus) { return ficus.admin_get("/api/v1/routes/shop").body; }

long number(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":");
  return at == std::string::npos ? -1 : std::atol(json.c_str() + at + name.size() + 3);
}

// And the worker routes by what it brought about.
bool shows_build(const FicusProcess& ficus, const std::string& build) {
  return eventually([&] {
    const std::string shown = "\"backend\":\"fresh\",\"build\":\"" + build + "\"";
    if (route(ficus).find(shown) == std::string::npos) return false;
    const std::string status = ficus.admin_get("/api/v1/status").body;
    const std::string version = std::to_string(number(status, "snapshot_version"));
    return status.find("\"applied_versions\":[" + version + "]") != std::string::npos;
  });
}

bool has_assigned(const FicusProcess& ficus, long count) {
  return eventually([&] { return number(route(ficus), "new_assigned") == count; });
}

int new_builds(FicusProcess& ficus) {
  const std::string output = ficus.process().output();
  int count = 0;
  for (std::size_t at = output.find("new build"); at != std::string::npos;
       at = output.find("new build", at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("data plane: a new build of the new side has to prove itself again") {
  Shop shop;
  shop.deploy("b1");
  FicusProcess ficus(shop.config("build_header: x-build"));
  for (int i = 0; i < 10; ++i) CHECK_THAT(get(ficus), ContainsSubstring("X-Build: b1\r\n"));
  CHECK(has_assigned(ficus, 10));
  CHECK(shows_build(ficus, "b1"));
  CHECK(new_builds(ficus) == 0);
  const long stage = number(route(ficus), "stage");

  shop.deploy("b2");
  CHECK_THAT(get(ficus), ContainsSubstring("X-Build: b2\r\n"));
  CHECK_THAT(ficus.process().wait_for_line("new build"),
             ContainsSubstring("backend=\"fresh\" build=\"b2\" before=\"b1\" routes=\"shop\""));
  CHECK(has_assigned(ficus, 0));
  CHECK(shows_build(ficus, "b2"));
  for (int i = 0; i < 3; ++i) get(ficus);
  CHECK(has_assigned(ficus, 3));
  CHECK(number(route(ficus), "stage") == stage);
  CHECK(number(route(ficus), "weight") == 100);
  CHECK_THAT(route(ficus), ContainsSubstring("\"slow_starting\":true"));
}

TEST_CASE("data plane: while a deploy rolls, both builds answer in turn and it is one deploy") {
  Shop shop;
  shop.deploy("b1");
  FicusProcess ficus(shop.config("build_header: X-Build"));
  get(ficus);
  shop.deploy("b2");
  get(ficus);
  CHECK(shows_build(ficus, "b2"));
  CHECK(has_assigned(ficus, 0));
  for (int i = 0; i < 20; ++i) {
    shop.deploy(i % 2 == 0 ? "b1" : "b2");
    get(ficus);
  }
  CHECK(has_assigned(ficus, 20));
  CHECK(new_builds(ficus) == 1);
}

TEST_CASE("data plane: a header that changes with every answer is told and begins nothing anew") {
  Shop shop;
  shop.deploy("r0");
  FicusProcess ficus(shop.config("build_header: X-Build"));
  get(ficus);
  shop.deploy("r1");
  get(ficus);
  CHECK(shows_build(ficus, "r1"));
  for (int i = 2; i < 30; ++i) {
    shop.deploy("r" + std::to_string(i));
    get(ficus);
  }
  CHECK_THAT(ficus.process().wait_for_line("does not look like a build"),
             ContainsSubstring("the header X-Build of backend fresh"));
  CHECK(has_assigned(ficus, 28));
  CHECK(new_builds(ficus) == 1);
}

TEST_CASE("data plane: only a final answer's name of a build is taken") {
  Shop shop;
  const auto interim = [](const std::string& fields) {
    return Script{read_request(),
                  send("HTTP/1.1 103 Early Hints\r\nX-Build: b0\r\n\r\n" +
                       ok("ok", fields + "Connection: close\r\n")),
                  close_connection()};
  };
  shop.fresh.on_every_connection(interim("X-Build: b\xc3\xa4\r\n"));
  FicusProcess ficus(shop.config("build_header: X-Build"));
  for (int i = 0; i < 3; ++i) get(ficus);
  CHECK(has_assigned(ficus, 3));
  CHECK_THAT(route(ficus), !ContainsSubstring("\"build\""));
  const std::string digest = "sha256:" + std::string(64, 'e');
  shop.fresh.on_every_connection(interim("X-Build: " + digest + "\r\n"));
  CHECK_THAT(get(ficus), ContainsSubstring("X-Build: " + digest + "\r\n"));
  CHECK(shows_build(ficus, digest.substr(0, 64)));
}

TEST_CASE("data plane: a reload that writes another build begins its evidence anew") {
  Shop shop;
  FicusProcess ficus(shop.config("build: 4f1c"));
  for (int i = 0; i < 5; ++i) get(ficus);
  CHECK(has_assigned(ficus, 5));
  CHECK(shows_build(ficus, "4f1c"));
  CHECK_THAT(ficus.reload(shop.config("build: 4f1c")), ContainsSubstring("reloaded"));
  CHECK(has_assigned(ficus, 5));
  CHECK_THAT(ficus.reload(shop.config("build: 5a2d")), ContainsSubstring("reloaded"));
  CHECK(has_assigned(ficus, 0));
  CHECK(shows_build(ficus, "5a2d"));
  CHECK_THAT(ficus.process().output(),
             ContainsSubstring("new build backend=\"fresh\" build=\"5a2d\" before=\"4f1c\" "
                               "routes=\"shop\""));
}

TEST_CASE("data plane: what is known of builds survives a reload, not the end of its key") {
  Shop shop;
  shop.deploy("b1");
  FicusProcess ficus(shop.config("build_header: X-Build"));
  get(ficus);
  shop.deploy("b2");
  get(ficus);
  CHECK(shows_build(ficus, "b2"));

  // The same server once more, by its name.
  shop.more = ", \"http://localhost:" + std::to_string(shop.fresh.port()) + "\"";
  CHECK_THAT(ficus.reload(shop.config("build_header: X-Build")), ContainsSubstring("reloaded"));
  shop.deploy("b1");
  for (int i = 0; i < 4; ++i) get(ficus);
  CHECK(shows_build(ficus, "b2"));
  CHECK(has_assigned(ficus, 4));
  CHECK(new_builds(ficus) == 1);

  CHECK_THAT(ficus.reload(shop.config("preconnect: 0")), ContainsSubstring("reloaded"));
  CHECK(eventually([&] { return route(ficus).find("\"build\"") == std::string::npos; }));
  CHECK_THAT(ficus.reload(shop.config("build_header: X-Build")), ContainsSubstring("reloaded"));
  shop.deploy("b3");
  get(ficus);
  CHECK(shows_build(ficus, "b3"));
  CHECK(new_builds(ficus) == 1);
}

TEST_CASE("data plane: a rollback names the build that failed") {
  Shop shop;
  shop.deploy("b1");
  FicusProcess ficus(shop.config("build_header: X-Build"));
  for (int i = 0; i < 5; ++i) get(ficus);
  CHECK(shows_build(ficus, "b1"));
  shop.deploy("b2", 500);
  CHECK(eventually([&] {
    get(ficus);
    return route(ficus).find("\"latched\":true") != std::string::npos;
  }));
  CHECK_THAT(route(ficus), ContainsSubstring("% errors, build b2\",\"weight_before\":100"));
  CHECK_THAT(route(ficus), ContainsSubstring("\"build\":\"b2\",\"evidence\""));
  CHECK_THAT(ficus.command({"status"}).out, ContainsSubstring("% errors, build b2\n"));
  CHECK_THAT(ficus.process().output(), ContainsSubstring("rollback route=\"shop\""));
  CHECK(new_builds(ficus) == 1);
}
