#include "tests/support/raw_client.h"

#include "tests/support/catch.h"
#include "tests/support/scripted_backend.h"

using namespace ficus::tests;

namespace {
constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST_CASE("the client reads pipelined responses one by one") {
  ScriptedBackend backend({read_request(), read_request(),
                           send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
                                "HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nb")});
  RawClient client(backend.port());
  client.send(std::string(kGet) + kGet);
  CHECK(client.read_response().body == "a");
  CHECK(client.read_response().status() == 404);
  CHECK(client.is_closed());
  CHECK_FALSE(client.was_reset());
}

TEST_CASE("the client puts a response together from pieces") {
  ScriptedBackend backend({read_request(), send("HTTP/1.1 200 OK\r\nContent-Le"), hold(),
                           send("ngth: 4\r\n\r\nab"), hold(), send("cd"), hold()});
  RawClient client(backend.port());
  client.send(kGet);
  CHECK(client.read_until("Content-Le") == "HTTP/1.1 200 OK\r\nContent-Le");
  backend.release();
  CHECK(client.read_bytes(12) == "ngth: 4\r\n\r\na");
  backend.release();
  CHECK(client.read_bytes(3) == "bcd");
  CHECK(client.is_quiet(milliseconds(5)));
}

TEST_CASE("the client tells a reset from an orderly end") {
  ScriptedBackend backend({read_request(), reset_connection()});
  RawClient client(backend.port());
  client.send(kGet);
  CHECK(client.is_closed());
  CHECK(client.was_reset());
}

TEST_CASE("the client says so when the connection ends instead of a response") {
  ScriptedBackend backend({read_request(), close_connection()});
  RawClient client(backend.port());
  client.send(kGet);
  CHECK_THROWS_WITH(client.read_response(), "connection closed instead of a response");
}

TEST_CASE("the client marks a response that was cut") {
  ScriptedBackend backend({read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")});
  RawClient client(backend.port());
  client.send(kGet);
  const HttpMessage response = client.read_response();
  CHECK_FALSE(response.complete);
  CHECK(response.body == "ab");
}

TEST_CASE("a client that half-closes still reads its answer") {
  ScriptedBackend backend({read_to_end(), send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbye")});
  RawClient client(backend.port());
  client.send("anything");
  client.half_close();
  CHECK(client.read_response().body == "bye");
  CHECK(backend.received() == "anything");
}

TEST_CASE("a client's exchange skips interim responses") {
  ScriptedBackend backend({read_request(), send("HTTP/1.1 100 Continue\r\n\r\n"),
                           send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), again()});
  RawClient client(backend.port());
  CHECK(client.exchange(kGet).status() == 200);
  CHECK(client.exchange("HEAD / HTTP/1.1\r\n\r\n").status() == 200);
}

TEST_CASE("a server that does not read makes the client stop sending") {
  ScriptedBackend backend({read_count(1), hold()});
  RawClient client(backend.port());
  const std::string much(64 << 20, 'x');
  CHECK(client.send_what_fits(much, milliseconds(50)) < much.size());
}
