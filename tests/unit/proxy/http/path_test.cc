#include "proxy/http/path.h"

#include <string>

#include "proxy/http/request_head.h"
#include "tests/support/catch.h"

using namespace ficus::proxy::http;

namespace {

std::string normal(std::string path) {
  const auto size = normalise_path(path.data(), path.size());
  return size ? path.substr(0, *size) : "above the root";
}

}  // namespace

TEST_CASE("a path loses its dot segments, in any spelling", "[path]") {
  CHECK(normal("/") == "/");
  CHECK(normal("/a/b") == "/a/b");
  CHECK(normal("/a/./b") == "/a/b");
  CHECK(normal("/a/../b") == "/b");
  CHECK(normal("/a/..") == "/");
  CHECK(normal("/a/../") == "/");
  CHECK(normal("/a/b/..") == "/a/");
  CHECK(normal("/.") == "/");
  CHECK(normal("/a/.") == "/a/");
  CHECK(normal("/a/%2e%2E/b") == "/b");
  CHECK(normal("/a/.%2e/b") == "/b");
  CHECK(normal("/a/%2e/b") == "/a/b");
  CHECK(normal("/a//../b") == "/a/b");
  CHECK(normal("//a//") == "//a//");
}

TEST_CASE("names that only look like dot segments stay", "[path]") {
  for (const auto* path : {"/...", "/.a", "/a.", "/..a", "/a..", "/..;/x", "/.%2F", "/.. ./x"}) {
    CHECK(normal(path) == path);
  }
}

TEST_CASE("a path that climbs above its root has no normal form", "[path]") {
  for (const auto* path : {"/..", "/../", "/../a", "/a/../..", "/./..", "/a/%2e%2e/%2e%2e/a"}) {
    CHECK(normal(path) == "above the root");
  }
}

TEST_CASE("only escapes of unreserved characters are decoded, once", "[path]") {
  CHECK(normal("/%61%7e%2D%5F%39/%41") == "/a~-_9/A");
  for (const auto* path : {"/%2F", "/%2f", "/%5C", "/%20", "/%25", "/%3F%23", "/%C3%A9"}) {
    CHECK(normal(path) == path);
  }
  CHECK(normal("/%252e%252e/a") == "/%252e%252e/a");
}

TEST_CASE("decoding never spells a new escape", "[path]") {
  for (const auto* path : {"/%%32e", "/%%32%65/a", "/%2%65/a", "/%", "/%6", "/%zz%61"}) {
    CHECK(normal(path) == path);
  }
  // Dot segments go all the same.
  CHECK(normal("/%zz/../%61%") == "/%61%");
}

TEST_CASE("a malformed escape that goes with its segment hides no other", "[path]") {
  CHECK(normal("/%61dmin/x%4@/../y") == "/admin/y");
  CHECK(normal("/%61dmin/x%4@/../y%") == "/%61dmin/y%");
  CHECK(normal("/%61/%/%2e%2e/%2F") == "/a/%2F");
}

TEST_CASE("a normal form is its own normal form", "[path]") {
  for (const auto* path :
       {"/a/%2e%2e/%%32e/b", "/x/.%2e/..", "/%2e./a", "/a/b/c/../../d/.", "/%2", "/%61/%/.."}) {
    const std::string once = normal(path);
    if (once != "above the root") CHECK(normal(once) == once);
  }
}

TEST_CASE("a head's copy is rewritten, its query and fields untouched", "[path]") {
  std::string text = "GET /a/%2e%2e/%62?c=/../%61 HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
  RequestHead head;
  REQUIRE(parse_request_head(text, {}, head).status == ParseStatus::complete);
  CHECK_FALSE(head.path_normal);
  CHECK(head.path() == "/a/%2e%2e/%62");
  head.rebase_and_normalise(text.data());
  CHECK(head.path() == "/b");
  CHECK(head.query() == "c=/../%61");
  CHECK(head.target() == "/b?c=/../%61");
  CHECK(head.host() == "h");
  CHECK(head.value(*head.find("X")) == "y");
}

TEST_CASE("a head whose path climbs above its root is refused", "[path]") {
  for (const auto* target : {"/..", "/a/../../b?c", "http://h/%2e%2e"}) {
    const std::string text = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    RequestHead head;
    const ParseOutcome outcome = parse_request_head(text, {}, head);
    CHECK(outcome.status == ParseStatus::fault);
    CHECK(outcome.fault.status == 400);
  }
}
