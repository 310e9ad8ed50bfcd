#include "tests/support/scripted_backend.h"

#include "tests/support/catch.h"
#include "tests/support/raw_client.h"

using namespace ficus::tests;

namespace {
constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST_CASE("a scripted backend records requests byte for byte") {
  ScriptedBackend backend;
  RawClient client(backend.port());
  const std::string post = "POST /p HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
  CHECK(client.exchange(kGet).body == "ok");
  CHECK(client.exchange(post).body == "ok");
  CHECK(backend.wait_for_request(0).raw == kGet);
  CHECK(backend.wait_for_request(1).raw == post);
  CHECK(backend.received() == kGet + post);
  CHECK(backend.requests() == 2);
  CHECK(backend.connections() == 1);
}

TEST_CASE("scripts are used in order, one a connection, then the default") {
  ScriptedBackend backend;
  backend.on_next_connection(answer_each("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
  backend.on_next_connection({read_request(), reset_connection()});
  CHECK(fetch(backend.port(), kGet).status() == 500);
  RawClient second(backend.port());
  second.send(kGet);
  CHECK(second.is_closed());
  CHECK(fetch(backend.port(), kGet).status() == 200);
}

TEST_CASE("a backend in hold goes on when it is released") {
  ScriptedBackend backend({read_request(), hold(), send("HTTP/1.1 204 No Content\r\n\r\n")});
  RawClient client(backend.port());
  client.send(kGet);
  backend.wait_for_request();
  CHECK(client.is_quiet(milliseconds(5)));
  backend.release();
  CHECK(client.read_response().status() == 204);
  backend.wait_for_end_of_connection();
}

TEST_CASE("a stopped backend refuses, and listens on the same port after a start") {
  ScriptedBackend backend;
  RawClient open(backend.port());
  CHECK(open.exchange(kGet).status() == 200);
  backend.stop();
  CHECK(open.is_closed());
  CHECK_THROWS_AS(RawClient(backend.port()), HarnessError);
  backend.start();
  CHECK(fetch(backend.port(), kGet).status() == 200);
}

TEST_CASE("a backend stops while its connections hold or read") {
  ScriptedBackend backend({read_request(), hold()});
  RawClient reading(backend.port());
  RawClient holding(backend.port());
  holding.send(kGet);
  backend.wait_for_request();
  backend.stop();
  CHECK(reading.is_closed());
  CHECK(holding.is_closed());
}
