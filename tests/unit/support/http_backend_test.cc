#include "tests/support/http_backend.h"

#include "tests/support/catch.h"
#include "tests/support/raw_client.h"

using namespace ficus::tests;

namespace {
constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr const char* kPost =
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
}  // namespace

TEST_CASE("a backend names itself in each answer of a connection, and counts") {
  HttpBackend backend("legacy");
  RawClient client(backend.port());
  CHECK(client.exchange(kGet).body == "legacy");
  CHECK(client.exchange(kPost).body == "legacy");
  CHECK(client.exchange("HEAD / HTTP/1.1\r\n\r\n").header("X-Backend") == "legacy");
  CHECK(backend.gets() == 1);
  CHECK(backend.posts() == 1);
  CHECK(backend.wait_for_requests(3));
  CHECK(backend.connections() == 1);
}

TEST_CASE("a backend answers pipelined requests in order, also when delayed") {
  HttpBackend backend("b");
  backend.set_echo();
  backend.set_delay(milliseconds(GENERATE(0, 3)));
  RawClient client(backend.port());
  client.send(std::string(kGet) + kPost + kGet);
  CHECK(client.read_response().body == kGet);
  CHECK(client.read_response().body == kPost);
  CHECK(client.read_response().body == kGet);
}

TEST_CASE("a backend breaks in each of its ways, and recovers") {
  HttpBackend backend("b");
  backend.set_mode(BackendMode::failing);
  CHECK(fetch(backend.port(), kGet).status() == 500);
  backend.set_status(503);
  CHECK(fetch(backend.port(), kGet).status() == 503);

  backend.set_mode(BackendMode::resetting);
  RawClient reset(backend.port());
  reset.send(kGet);
  CHECK(reset.is_closed());
  CHECK(reset.was_reset());

  backend.set_mode(BackendMode::closing);
  CHECK_THROWS_AS(fetch(backend.port(), kGet), HarnessError);

  backend.set_mode(BackendMode::cutting_the_body);
  CHECK_FALSE(fetch(backend.port(), kGet).complete);

  backend.set_mode(BackendMode::not_http);
  RawClient confused(backend.port());
  confused.send(kGet);
  CHECK(confused.read_to_end() == "SSH-2.0-OpenSSH_9.2\r\n");

  backend.set_mode(BackendMode::hanging);
  RawClient hung(backend.port());
  hung.send(kGet);
  CHECK(hung.is_quiet(milliseconds(5)));

  backend.set_mode(BackendMode::ok);
  CHECK(fetch(backend.port(), kGet).status() == 200);
}

TEST_CASE("a stopped backend refuses, and comes back on its port") {
  HttpBackend backend("b");
  RawClient open(backend.port());
  CHECK(open.exchange(kGet).status() == 200);
  backend.stop();
  CHECK(open.is_closed());
  CHECK_THROWS_AS(RawClient(backend.port()), HarnessError);
  backend.start();
  CHECK(fetch(backend.port(), kGet).status() == 200);
}

TEST_CASE("a backend sends a large body to a slow reader whole") {
  HttpBackend backend("b");
  backend.set_body_size(8 << 20);
  RawClient client(backend.port());
  client.limit_receive_buffer(65536);
  client.send(kGet);
  client.read_until("\r\n\r\n");
  CHECK(client.read_bytes(8 << 20).size() == 8 << 20);
  backend.set_body_size(0);
  CHECK(client.exchange(kGet).body == "b");
}
