// Many clients that misbehave at once: whoever gets a whole answer gets his own.

#include <atomic>
#include <random>
#include <thread>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

// One client's connections, one after another, each with an own way to end.
class Visitor {
 public:
  Visitor(std::uint16_t port, unsigned number) : port_(port), number_(number), random_(number) {}

  void visit(int times) {
    for (int i = 0; i < times; ++i) {
      try {
        once(random_() % 8);
      } catch (const HarnessError& error) {
        ++failures;
        last_error = error.what();
      }
    }
  }

  int failures = 0;
  int strangers_answers = 0;
  std::string last_error;

 private:
  std::string next_target() {
    return "/" + std::to_string(number_) + "/" + std::to_string(++sent_) + "/";
  }

  void expect_own(RawClient& client, const std::string& target) {
    const HttpMessage response = client.read_response();
    const bool own = response.status() == 200 && response.complete &&
                     response.body.find(" " + target + " HTTP/1.1\r\n") != std::string::npos;
    if (!own) ++strangers_answers;
  }

  void once(unsigned way) {
    RawClient client(port_);
    const std::string first = next_target();
    const std::string second = next_target();
    const std::string body = numbered(random_() % 50'000);
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    switch (way) {
      case 0:  // pipelined
        client.send(request("GET " + first) + request("POST " + second, length, body));
        expect_own(client, first);
        expect_own(client, second);
        return;
      case 1:  // chunked, in pieces
        client.send(request("POST " + first, "Transfer-Encoding: chunked\r\n"));
        client.send(chunk("abc"));
        client.send(chunk(body + ".") + "0\r\n\r\n");
        expect_own(client, first);
        return;
      case 2:  // leaves in the middle of its request
        client.send(request("POST " + first, length, body.substr(0, body.size() / 2)));
        client.reset();
        return;
      case 3:  // leaves before the answer
        client.send(request("GET " + first));
        client.reset();
        return;
      case 4:  // leaves in the middle of the answer
        client.send(request("GET " + first));
        client.read_bytes(30);
        client.reset();
        return;
      case 5:  // ends its direction at once
        client.send(request("GET " + first) + request("GET " + second));
        client.half_close();
        expect_own(client, first);
        expect_own(client, second);
        return;
      case 6:  // a fault behind a good request
        client.send(request("GET " + first) + "GET " + second + " HTTP/1.1\r\n\r\n");
        expect_own(client, first);
        if (client.read_response().status() != 400) ++strangers_answers;
        return;
      default:
        client.send(request("GET " + first));
        expect_own(client, first);
        client.send(request("HEAD " + second) + request("GET " + first));
        client.read_response(MessageKind::response_to_head);
        expect_own(client, first);
        return;
    }
  }

  const std::uint16_t port_;
  const unsigned number_;
  std::mt19937 random_;
  int sent_ = 0;
};

}  // namespace

TEST_CASE("data plane: among clients that leave at any moment each gets his own answers") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  for (HttpBackend* backend : {&legacy, &fresh}) {
    backend->set_echo();
    backend->set_body_size(20'000);
  }
  TwoSides terms;
  terms.weight = 50;
  std::string configuration = split({legacy.url()}, {fresh.url()}, terms);
  configuration.replace(configuration.find("workers: 1"), 10, "workers: 2");
  FicusProcess ficus(configuration);

  std::vector<Visitor> visitors;
  for (unsigned i = 1; i <= 6; ++i) visitors.emplace_back(ficus.port(), i);
  std::vector<std::thread> threads;
  std::atomic<int> running = 6;
  for (Visitor& visitor : visitors) {
    threads.emplace_back([&visitor, &running] {
      visitor.visit(60);
      --running;
    });
  }
  // Meanwhile the configuration and the weight change.
  int changes = 0;
  while (running > 0 && changes < 100) {
    ++changes;
    ficus.reload(configuration);
    ficus.admin_put("/api/v1/routes/shop/weight", changes % 2 == 0
                                                      ? R"({"weight": 20, "reason": "t"})"
                                                      : R"({"weight": 80, "reason": "t"})");
  }
  for (std::thread& thread : threads) thread.join();
  for (const Visitor& visitor : visitors) {
    INFO(visitor.last_error);
    CHECK(visitor.failures == 0);
    CHECK(visitor.strangers_answers == 0);
  }
  ficus.terminate();
}

TEST_CASE("data plane: requests pipelined by a client that never reads do not pile up") {
  HttpBackend backend("legacy");
  backend.set_body_size(10'000);
  FicusProcess ficus(split({backend.url()}, {backend.url()}, {}));
  const std::size_t before = ficus.process().resident_bytes();
  RawClient client(ficus.port());
  client.limit_receive_buffer(4096);
  std::string pipelined;
  for (int i = 0; i < 20'000; ++i) pipelined += request("GET /");
  client.send_what_fits(pipelined, milliseconds(500));
  CHECK(ficus.process().resident_bytes() < before + 8'000'000);
  CHECK(backend.requests() < 20'000);
}

TEST_CASE("data plane: a reset of either end of a tunnel ends the other") {
  const std::string switched =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
  ScriptedBackend backend({read_head(), send(switched), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /", "Connection: upgrade\r\nUpgrade: x\r\n"));
  client.read_bytes(switched.size());
  client.reset();
  backend.wait_for_end_of_connection(0);

  backend.on_next_connection({read_head(), send(switched), hold(), reset_connection()});
  RawClient other(ficus.port());
  other.send(request("GET /", "Connection: upgrade\r\nUpgrade: x\r\n"));
  other.read_bytes(switched.size());
  backend.release();
  CHECK(other.read_to_end().empty());
}
