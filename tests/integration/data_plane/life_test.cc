// Start, reload and end, seen from a client.

#include <chrono>
#include <csignal>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

TEST_CASE("data plane: SIGTERM lets the answers in flight end, then the process, with 0") {
  ScriptedBackend backend({read_request(),
                           send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), hold(),
                           send("world"), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient answered(ficus.port());
  answered.send(request("GET /1"));
  answered.read_until("hello");
  backend.on_every_connection({read_request(), hold(), send(ok("late")), read_to_end()});
  RawClient waiting(ficus.port());
  waiting.send(request("GET /2"));
  backend.wait_for_request(1);
  RawClient idle(ficus.port());

  ficus.process().signal(SIGTERM);
  CHECK(idle.read_to_end().empty());
  wait_until_refused(ficus.port());
  CHECK(ficus.process().running());
  backend.release();
  backend.release();
  CHECK(answered.read_to_end() == "world");
  CHECK(waiting.read_to_end() == ok("late", "Connection: close\r\n"));
  CHECK(ficus.process().wait().code == 0);
}

TEST_CASE("data plane: a request that is queued behind another at SIGTERM is not begun") {
  ScriptedBackend backend({read_request(), hold(), send(ok("one")), again()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /1"));
  backend.wait_for_request();
  RawClient idle(ficus.port());
  ficus.process().signal(SIGTERM);
  CHECK(idle.read_to_end().empty());  // the drain has begun
  client.send(request("GET /2"));
  backend.release();
  CHECK(client.read_to_end() == ok("one", "Connection: close\r\n"));
  CHECK(ficus.process().wait().code == 0);
  CHECK(backend.requests() == 1);
}

TEST_CASE("data plane: a drain waits for the request of a client that has only just come") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  const auto began = std::chrono::steady_clock::now();
  RawClient served(ficus.port());
  CHECK(served.exchange(request("GET /")).raw == ok("ok"));
  RawClient client(ficus.port());
  ficus.process().signal(SIGTERM);
  wait_until_refused(ficus.port());
  CHECK(served.read_to_end().empty());
  std::string answer;
  try {
    client.send(request("GET /"));
    answer = client.read_to_end();
  } catch (const HarnessError& error) {
    answer = error.what();
  }
  // It waits for a second, which a busy machine may have needed for the lines above.
  if (std::chrono::steady_clock::now() - began < milliseconds(900)) {
    CHECK(answer == ok("ok", "Connection: close\r\n"));
  }
  CHECK(ficus.process().wait().code == 0);
}

TEST_CASE("data plane: a drain does not wait for ever") {
  ScriptedBackend backend({read_request(), read_to_end()});
  FicusProcess ficus("drain: {delay: 0s, timeout: 300ms}\n" + in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /"));
  backend.wait_for_request();
  ficus.terminate();
}

// An answer to HTTP/1.0 ends with its connection: an orderly end would make it whole.
TEST_CASE("data plane: an answer that is cut by the end of a drain does not look complete") {
  ScriptedBackend backend({read_request(), send("HTTP/1.1 200 OK\r\n\r\nsome"), read_to_end()});
  FicusProcess ficus("drain: {delay: 0s, timeout: 300ms}\n" + in_front_of(backend));
  RawClient client(ficus.port());
  client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  client.read_until("some");
  ficus.terminate();
  CHECK(client.read_to_end().empty());
  CHECK(client.was_reset());
}

TEST_CASE("data plane: a reload closes no connection and finishes what was begun") {
  ScriptedBackend before({read_request(), hold(), send(ok("before")), again()});
  ScriptedBackend after(answer_each(ok("after")));
  FicusProcess ficus(in_front_of(before));
  RawClient busy(ficus.port());
  busy.send(request("GET /"));
  before.wait_for_request();
  RawClient idle(ficus.port());

  CHECK_THAT(ficus.reload(in_front_of(after)), ContainsSubstring("configuration reloaded"));
  CHECK(idle.exchange(request("GET /")).body == "after");
  before.release();
  CHECK(busy.read_response().raw == ok("before"));
  CHECK(busy.exchange(request("GET /")).body == "after");
  CHECK(after.connections() == 1);
}

TEST_CASE("data plane: endpoints that come and go by reload never answer for each other") {
  HttpBackend one("one");
  HttpBackend two("two");
  const auto to = [](const HttpBackend& backend) {
    return "workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
           "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /}, legacy: only}\n";
  };
  FicusProcess ficus(to(one));
  RawClient client(ficus.port());
  for (int i = 0; i < 10; ++i) {
    CHECK(client.exchange(request("GET /")).body == "one");
    CHECK_THAT(ficus.reload(to(two)), ContainsSubstring("configuration reloaded"));
    CHECK(client.exchange(request("GET /")).body == "two");
    CHECK_THAT(ficus.reload(to(one)), ContainsSubstring("configuration reloaded"));
  }
}

TEST_CASE("data plane: a file with a fault changes nothing and says so") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("GET /"));
  const std::string line =
      ficus.reload("backends: {}\nroutes:\n  - {name: r, match: {path_prefix: /}, legacy: gone}\n");
  CHECK_THAT(line, ContainsSubstring("configuration refused"));
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a slow sender's head, byte by byte, is an ordinary request") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    for (const char byte : request("GET /slow", "X: y\r\n")) client.send({&byte, 1});
    CHECK(client.read_response().raw == ok("ok"));
  }
  CHECK(backend.received() ==
        forwarded("GET /slow", "X: y\r\n") + forwarded("GET /slow", "X: y\r\n"));
}

TEST_CASE("data plane: an empty line before a request is forgiven, as old clients send it") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange("\r\n" + request("POST /", "Content-Length: 1\r\n", "x") + "\r\n").raw ==
        ok("ok"));
  CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.received() ==
        forwarded("POST /", "Content-Length: 1\r\n", "x") + forwarded("GET /"));
}

TEST_CASE("data plane: the path that is matched has no dot segments left, and is what is sent on") {
  ScriptedBackend open;
  ScriptedBackend closed(answer_each(ok("closed")));
  FicusProcess ficus("workers: 1\nbackends:\n  a: {endpoints: [\"" + open.url() +
                     "\"]}\n  b: {endpoints: [\"" + closed.url() +
                     "\"]}\nroutes:\n"
                     "  - {name: open, match: {path_prefix: /open}, legacy: a}\n"
                     "  - {name: closed, match: {path_prefix: /closed}, legacy: b}\n");
  RawClient client(ficus.port());
  const std::string path = GENERATE("/open/../closed/x", "/open/%2e%2E/closed/x", "/./closed/x",
                                    "/open/.%2e/closed/./y/../x", "/%63losed/x");
  CHECK(client.exchange(request("GET " + path + "?q=/../")).body == "closed");
  CHECK(closed.wait_for_request().start_line == "GET /closed/x?q=/../ HTTP/1.1");
  CHECK(client.exchange(request("GET /open/../../closed/x")).status() == 400);
}
