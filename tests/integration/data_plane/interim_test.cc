// Interim responses and tunnels.

#include <thread>

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

constexpr std::string_view kExpect = "Expect: 100-continue\r\nContent-Length: 5\r\n";
constexpr std::string_view kAsk = "Connection: Upgrade\r\nUpgrade: echo/1\r\n";
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo/1\r\nConnection: upgrade\r\n\r\n";

}  // namespace

TEST_CASE("data plane: 100 Continue is the backend's, and asked for at it") {
  ScriptedBackend backend(
      {read_head(), send("HTTP/1.1 100 Continue\r\n\r\n"), read_count(5), send(ok("ok")), again()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    client.send(request("POST /", kExpect));
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    CHECK(client.read_response().raw == ok("ok"));
  }
  CHECK(backend.received() ==
        forwarded("POST /", kExpect, "hello") + forwarded("POST /", kExpect, "hello"));
}

TEST_CASE("data plane: a backend that refuses to continue is believed, and nothing is read on") {
  ScriptedBackend backend({read_head(),
                           send("HTTP/1.1 417 Expectation Failed\r\n"
                                "Content-Length: 0\r\n\r\n"),
                           read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /", kExpect));
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 417);
  CHECK(response.header("Connection") == "close");
  client.send_what_fits("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", milliseconds(100));
  client.half_close();
  CHECK(client.read_to_end().empty());
  backend.wait_for_end_of_connection();
  CHECK(backend.received() == forwarded("POST /", kExpect));
}

TEST_CASE("data plane: interim responses pass to HTTP/1.1 and stop before HTTP/1.0") {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
  ScriptedBackend backend(answer_each("HTTP/1.1 102 Processing\r\n\r\n" + hints + ok("ok")));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    client.send(request("GET /"));
    CHECK(client.read_response().status() == 102);
    CHECK(client.read_response().raw == hints);
    CHECK(client.read_response().raw == ok("ok"));
  }
  RawClient old_client(ficus.port());
  old_client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(old_client.read_to_end() == ok("ok", "Connection: close\r\n"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: interim responses without an end are a fault, not an endless answer") {
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n";
  ScriptedBackend backend({read_request(), send(flood), send(flood), send(flood), send(flood),
                           send(flood), send(flood), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  const std::size_t before = ficus.process().resident_bytes();
  RawClient client(ficus.port());
  client.limit_receive_buffer(4096);
  client.send(request("GET /", "Connection: close\r\n"));
  // Nobody reads, so what the proxy kept for this client shows in its size.
  backend.wait_for_end_of_connection();
  CHECK(ficus.process().resident_bytes() < before + 16'000'000);  // of the 24 MB that came
  CHECK_THAT(client.read_to_end(), ContainsSubstring("HTTP/1.1 502 Bad Gateway"));
}

TEST_CASE("data plane: a tunnel carries early bytes and half-closes of both sides") {
  ScriptedBackend backend({read_head(), send(kSwitch + "early"), read_count(12), send("pong"),
                           read_to_end(), send("after the client's end"), half_close(), hold()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /chat", kAsk, "eager "));
  CHECK(client.read_until("\r\n\r\n") == kSwitch);
  CHECK(client.read_bytes(5) == "early");
  client.send("binary");
  CHECK(client.read_bytes(4) == "pong");
  client.half_close();
  CHECK(client.read_to_end() == "after the client's end");
  CHECK_FALSE(client.was_reset());
  const std::string head = "GET /chat HTTP/1.1\r\nHost: a\r\n" + std::string(kIds) +
                           "Upgrade: echo/1\r\n" + std::string(kForwarded) +
                           "Connection: upgrade\r\n\r\n";
  CHECK(backend.received() == head + "eager binary");
  backend.release();
}

TEST_CASE("data plane: a tunnel whose backend ends first still carries the client's bytes") {
  ScriptedBackend backend({read_head(), send(kSwitch), half_close(), read_count(4), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /", kAsk));
  CHECK(client.read_to_end() == kSwitch);
  client.send("late");
  client.half_close();
  backend.wait_for_end_of_connection();
  CHECK(backend.received().ends_with("\r\n\r\nlate"));
}

TEST_CASE("data plane: a tunnel is transparent to megabytes in both directions at once") {
  const std::string up = numbered(3'000'000);
  const std::string down = numbered(5'000'000);
  ScriptedBackend backend(
      {read_head(), send(kSwitch), send(down), read_count(up.size()), half_close(), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /", kAsk));
  client.read_until("\r\n\r\n");
  std::thread sender([&] { client.send(up); });
  // Reads on another thread than it writes: the two directions of one socket are independent.
  const std::string got = client.read_bytes(down.size());
  sender.join();
  CHECK(got == down);
  CHECK(client.is_closed());
  const std::string received = backend.received();
  CHECK(received.substr(received.size() - up.size()) == up);
}

TEST_CASE("data plane: an upgrade that the backend does not take is an ordinary answer") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /", kAsk)).raw == ok("ok"));
  CHECK(client.exchange(request("GET /next")).raw == ok("ok"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a switch of protocols that nobody asked for is a bad gateway") {
  ScriptedBackend backend({read_head(), send(kSwitch + ok("poison")), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  const std::string asked = GENERATE(
      request("GET /"), request("GET /", "Upgrade: echo/1\r\n"),
      // Requests inside such protocols would pass unjudged, so they are not offered on.
      request("GET /",
              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
              "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
      request("POST /", "Connection: Upgrade\r\nUpgrade: echo/1\r\nContent-Length: 1\r\n", "x"));
  RawClient client(ficus.port());
  CHECK(client.exchange(asked).status() == 502);
  backend.wait_for_end_of_connection();
  CHECK_THAT(backend.received(), !ContainsSubstring("pgrade"));
}

TEST_CASE("data plane: a tunnel that is silent for too long ends") {
  ScriptedBackend backend({read_head(), send(kSwitch), read_to_end()});
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"], timeouts: {tunnel_idle: 1s}}\nroutes:\n"
                     "  - {name: r, match: {path_prefix: /}, legacy: only}\n");
  RawClient client(ficus.port());
  client.send(request("GET /", kAsk));
  CHECK(client.read_to_end() == kSwitch);
  backend.wait_for_end_of_connection();
  wait_for_metric(ficus, R"(ficus_client_errors_total{route="r",kind="tunnel_timeout"})", 1);
  CHECK(metric(ficus,
               R"(ficus_side_errors_total{route="r",side="legacy",kind="tunnel_timeout"})") == -1);
}
