// What clients may ask for, how long they may take, what is tolerated of answers, and what happens
// when there are too many.

#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <vector>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/descriptor_shortage.h"

using namespace ficus::tests;

namespace {

struct Terms {
  std::string global{};
  std::string listener{};
  std::string backend{};
};

std::string in_front_of(const ScriptedBackend& backend, const Terms& terms) {
  return "workers: 1\n" + terms.global + "\nlisteners: [{address: \"127.0.0.1:0\"" +
         (terms.listener.empty() ? "" : ", " + terms.listener) +
         "}]\nbackends:\n  only: {endpoints: [\"" + backend.url() + "\"]" +
         (terms.backend.empty() ? "" : ", " + terms.backend) +
         "}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: only}\n";
}

std::string metric(const FicusProcess& ficus, const std::string& name) {
  const std::string all = ficus.admin_get("/metrics").body;
  const std::size_t at = all.find("\nficus_" + name + " ");
  if (at == std::string::npos) return "none";
  const std::size_t space = at + name.size() + 7;
  return all.substr(space + 1, all.find('\n', space) - space - 1);
}

std::string refused(const FicusProcess& ficus, const std::string& kind) {
  return metric(ficus, "refused_requests_total{listener=\"127.0.0.1:0\",kind=\"" + kind + "\"}");
}
std::string client_errors(const FicusProcess& ficus, const std::string& kind) {
  return metric(ficus, "client_errors_total{route=\"shop\",kind=\"" + kind + "\"}");
}
std::string side_errors(const FicusProcess& ficus, const std::string& kind) {
  return metric(ficus, "side_errors_total{route=\"shop\",side=\"legacy\",kind=\"" + kind + "\"}");
}
std::string shed(const FicusProcess& ficus, const std::string& reason) {
  return metric(ficus, "shed_total{listener=\"127.0.0.1:0\",reason=\"" + reason + "\"}");
}
std::string open_connections(const FicusProcess& ficus) {
  return metric(ficus, "downstream_connections{listener=\"127.0.0.1:0\",state=\"open\"}");
}
std::string malformed(const FicusProcess& ficus, const std::string& rule) {
  return metric(ficus, "malformed_responses_total{backend=\"only\",rule=\"" + rule + "\"}");
}

}  // namespace

TEST_CASE("data plane: the limits of a head are the configured ones, each with its own kind") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(
      backend, {"limits: {max_header_bytes: 2KiB, max_headers: 10, max_uri_bytes: 512B}"}));
  const auto status = [&](const std::string& bytes) {
    RawClient client(ficus.port());
    client.send(bytes);
    const HttpMessage response = client.read_response();
    CHECK((response.status() == 200 || response.header("Connection") == "close"));
    return response.status();
  };
  CHECK(status(request("GET /" + std::string(511, 'a'))) == 200);
  CHECK(status(request("GET /" + std::string(512, 'a'))) == 414);
  CHECK(status(request("GET /", "X: " + std::string(1700, 'a') + "\r\n")) == 200);
  CHECK(status(request("GET /", "X: " + std::string(2048, 'a') + "\r\n")) == 431);
  std::string seven;
  for (int i = 0; i < 7; ++i) seven += "X: y\r\n";
  CHECK(status(request("GET /", seven)) == 200);
  CHECK(status(request("GET /", seven + "X: y\r\n")) == 431);
  CHECK(eventually([&] { return refused(ficus, "uri_too_long") == "1"; }));
  CHECK(eventually([&] { return refused(ficus, "head_too_large") == "2"; }));
  CHECK(status("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(eventually([&] { return refused(ficus, "malformed_request") == "1"; }));
}

TEST_CASE("data plane: an answer's head has the same limits: 502") {
  ScriptedBackend backend(answer_each(ok("ok", "X: " + std::string(2048, 'a') + "\r\n")));
  FicusProcess ficus(in_front_of(backend, {"limits: {max_header_bytes: 2KiB}"}));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).status() == 502);
  CHECK(eventually([&] { return malformed(ficus, "head_too_large") == "1"; }));
  CHECK(eventually([&] { return side_errors(ficus, "malformed_response") == "1"; }));
}

TEST_CASE("data plane: a body whose length is over the limit reaches no backend: 413") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {"limits: {max_body_bytes: 10B}"}));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("POST /", "Content-Length: 10\r\n", "0123456789")).status() == 200);
  client.send(request("POST /", "Content-Length: 11\r\n", "0123456789a") + request("GET /next"));
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 413);
  CHECK(response.header("Connection") == "close");
  client.half_close();
  CHECK(client.read_to_end().empty());
  CHECK_FALSE(client.was_reset());
  RawClient waiting(ficus.port());
  waiting.send(request("POST /", "Expect: 100-continue\r\nContent-Length: 11\r\n"));
  CHECK(waiting.read_response().status() == 413);
  CHECK(backend.requests() == 1);
  CHECK(eventually([&] { return client_errors(ficus, "body_too_large") == "2"; }));
}

TEST_CASE("data plane: a chunked body is cut at the limit and never looks complete: 413") {
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(backend, {"limits: {max_body_bytes: 10B}"}));
  RawClient client(ficus.port());
  SECTION("in one piece") {
    client.send(request("POST /", "Transfer-Encoding: chunked\r\n",
                        chunk("0123456789a") + "0\r\n\r\n" + request("GET /next")));
  }
  SECTION("the last byte is one too many") {
    client.send(request("POST /", "Transfer-Encoding: chunked\r\n", chunk("0123456789")));
    backend.wait_for_bytes(0, forwarded("POST /", "Transfer-Encoding: chunked\r\n").size() + 15);
    client.send(chunk("a") + "0\r\n\r\n" + request("GET /next"));
  }
  SECTION("a chunk is announced that would be too large") {
    client.send(request("POST /", "Transfer-Encoding: chunked\r\n", "b\r\n"));
  }
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 413);
  CHECK(response.header("Connection") == "close");
  client.half_close();
  CHECK(client.read_to_end().empty());
  CHECK(backend.requests() == 0);
  CHECK(eventually([&] { return client_errors(ficus, "body_too_large") == "1"; }));
  CHECK(side_errors(ficus, "reset") == "none");
}

TEST_CASE("data plane: a chunked body of just the limit passes") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {"limits: {max_body_bytes: 10B}"}));
  RawClient client(ficus.port());
  CHECK(client
            .exchange(request("POST /", "Transfer-Encoding: chunked\r\n",
                              chunk("0123456789") + "0\r\n\r\n"))
            .status() == 200);
}

TEST_CASE("data plane: timeouts.request ends an exchange whoever is slow") {
  ScriptedBackend backend({read_head(), read_to_end()});
  FicusProcess ficus(in_front_of(backend, {{}, "timeouts: {request: 300ms}"}));
  RawClient client(ficus.port());
  SECTION("the server: 504") {
    CHECK(client.exchange(request("GET /")).status() == 504);
    CHECK(eventually([&] { return client_errors(ficus, "exchange_timeout") == "1"; }));
    CHECK(eventually([&] { return side_errors(ficus, "exchange_timeout") == "1"; }));
  }
  SECTION("the client's body: 408") {
    client.send(request("POST /", "Content-Length: 2\r\n", "x"));
    CHECK(client.read_response().status() == 408);
    CHECK(eventually([&] { return client_errors(ficus, "exchange_timeout") == "1"; }));
    CHECK(side_errors(ficus, "exchange_timeout") == "none");
  }
  SECTION("an answer that goes on and on is cut") {
    backend.on_every_connection(
        {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), read_to_end()});
    CHECK_FALSE(client.exchange(request("GET /")).complete);
    CHECK(eventually([&] { return client_errors(ficus, "exchange_timeout") == "1"; }));
  }
  backend.wait_for_end_of_connection();
}

TEST_CASE("data plane: a tunnel outlives timeouts.request") {
  ScriptedBackend backend({read_head(),
                           send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                                "Upgrade: websocket\r\n\r\n"),
                           read_count(1), send("late"), read_to_end()});
  FicusProcess ficus(in_front_of(backend, {{}, "timeouts: {request: 100ms}"}));
  RawClient client(ficus.port());
  client.send(request("GET /", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
  CHECK(client.read_response().status() == 101);
  CHECK(client.is_quiet(milliseconds(300)));
  client.send("x");
  CHECK(client.read_bytes(4) == "late");
}

// Only the limit under test is short: on a slow machine any other could pass first.
TEST_CASE("data plane: each timeout has its own kind") {
  ScriptedBackend backend({read_head(), read_to_end()});
  SECTION("request_head") {
    FicusProcess ficus(in_front_of(backend, {{}, "timeouts: {request_head: 200ms}"}));
    RawClient client(ficus.port());
    client.send("GET /");
    CHECK(client.read_response().status() == 408);
    CHECK(eventually([&] { return refused(ficus, "request_timeout") == "1"; }));
  }
  SECTION("request_body_idle") {
    FicusProcess ficus(in_front_of(backend, {{}, "timeouts: {request_body_idle: 200ms}"}));
    RawClient client(ficus.port());
    client.send(request("POST /", "Content-Length: 2\r\n", "x"));
    CHECK(client.read_response().status() == 408);
    CHECK(eventually([&] { return client_errors(ficus, "body_timeout") == "1"; }));
    CHECK(side_errors(ficus, "body_timeout") == "none");
  }
  SECTION("first_byte") {
    FicusProcess ficus(in_front_of(backend, {{}, {}, "timeouts: {first_byte: 200ms}"}));
    RawClient client(ficus.port());
    CHECK(client.exchange(request("GET /")).status() == 504);
    CHECK(eventually([&] { return client_errors(ficus, "first_byte_timeout") == "1"; }));
    CHECK(eventually([&] { return side_errors(ficus, "first_byte_timeout") == "1"; }));
  }
  SECTION("idle") {
    backend.on_every_connection(
        {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), read_to_end()});
    FicusProcess ficus(in_front_of(backend, {{}, {}, "timeouts: {idle: 200ms}"}));
    RawClient client(ficus.port());
    CHECK_FALSE(client.exchange(request("GET /")).complete);
    CHECK(eventually([&] { return client_errors(ficus, "idle_timeout") == "1"; }));
    CHECK(eventually([&] { return side_errors(ficus, "idle_timeout") == "1"; }));
  }
  SECTION("write_idle") {
    backend.on_every_connection(
        {read_request(),
         send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" + numbered(30'000'000)),
         read_to_end()});
    FicusProcess ficus(in_front_of(backend, {{}, "timeouts: {write_idle: 200ms}"}));
    RawClient client(ficus.port());
    client.limit_receive_buffer(4096);
    client.send(request("GET /"));
    backend.wait_for_end_of_connection();
    CHECK(eventually([&] { return client_errors(ficus, "write_timeout") == "1"; }));
    CHECK(side_errors(ficus, "write_timeout") == "none");
  }
}

TEST_CASE("data plane: what fits no route is counted for its listener") {
  ScriptedBackend backend;
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"]}\nroutes:\n  - {name: shop, match: {path_prefix: /a}, legacy: only}\n");
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /b")).status() == 404);
  CHECK(eventually([&] { return refused(ficus, "no_route") == "1"; }));
}

TEST_CASE("data plane: what a backend's key tolerates is cleaned, counted and shown redacted") {
  const std::string faulty =
      "HTTP/1.1 200 OK\nServer : old\r\nSet-Cookie: sid=31d4d96e407aad42\n"
      "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok";
  ScriptedBackend backend(answer_each(faulty));
  FicusProcess ficus(in_front_of(
      backend, {{}, {}, "tolerate: [header_name_space, bare_lf, duplicate_equal_length]"}));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    CHECK(client.exchange(request("GET /")).raw ==
          "HTTP/1.1 200 OK\r\nServer: old\r\nSet-Cookie: sid=31d4d96e407aad42\r\n"
          "Content-Length: 2\r\n\r\nok");
  }
  CHECK(backend.connections() == 1);
  for (const char* rule : {"header_name_space", "bare_lf", "duplicate_equal_length"}) {
    CHECK(eventually([&] { return malformed(ficus, rule) == "2"; }));
  }
  const std::string shown = ficus.admin_get("/api/v1/backends/only/tolerated").body;
  CHECK_THAT(shown, ContainsSubstring(R"("rule":"bare_lf","count":2,)"));
  CHECK_THAT(shown, ContainsSubstring(R"(Server : old\r\nSet-Cookie: ***\nContent-Length: 2\r\n)"));
  CHECK_THAT(shown, !ContainsSubstring("31d4"));
  CHECK(ficus.admin_get("/api/v1/backends/none/tolerated").status() == 404);
}

TEST_CASE("data plane: what was tolerated of an answer counts, though another rule refuses it") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {{}, {}, "tolerate: [bare_lf, duplicate_equal_length]"}));
  const auto refused_with = [&](const std::string& answer, const std::string& name) {
    backend.on_next_connection({read_request(), send(answer), read_to_end()});
    RawClient client(ficus.port());
    CHECK(client.exchange(request("POST /", "Content-Length: 0\r\n")).status() == 502);
    return malformed(ficus, "bare_lf") + " " + malformed(ficus, name);
  };
  // In the fields, in what they say together, and where the answer does not fit the request.
  CHECK(refused_with("HTTP/1.1 200 OK\nServer: old\nA : b\r\n\r\n", "header_name_space") == "1 1");
  CHECK(refused_with("HTTP/1.1 200 OK\nContent-Length: 2, 3\r\n\r\nok", "framing_conflict") ==
        "2 1");
  CHECK(refused_with("HTTP/1.1 101 Switching Protocols\nUpgrade: x\r\n\r\n", "upgrade") == "3 1");
  CHECK(refused_with("HTTP/1.1 200 OK\nX: " + std::string(70'000, 'x'), "head_too_large") == "4 1");
  CHECK(refused_with("HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 2\r\n"
                     "Connection: close, transfer-encoding@\r\n\r\nok",
                     "connection_option") == "5 1");
  CHECK(malformed(ficus, "duplicate_equal_length") == "1");
  CHECK_THAT(ficus.admin_get("/api/v1/backends/only/tolerated").body,
             ContainsSubstring(R"("rule":"bare_lf","count":5,)"));
}

TEST_CASE("data plane: what no key tolerates is refused, and its rule counted") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {}));
  const auto rule = [&](const std::string& answer, const std::string& name) {
    backend.on_next_connection({read_request(), send(answer), read_to_end()});
    RawClient client(ficus.port());
    const int status = client.exchange(request("POST /", "Content-Length: 0\r\n")).status();
    return std::to_string(status) + " " + malformed(ficus, name);
  };
  CHECK(rule("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "bare_lf") == "502 1");
  CHECK(rule("HTTP/1.1 200 OK\r\nA : b\r\n\r\nok", "header_name_space") == "502 1");
  CHECK(rule("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "duplicate_equal_length") ==
        "502 1");
  CHECK(rule("HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok", "framing_conflict") == "502 1");
  CHECK(rule("hello", "status_line") == "502 1");
  CHECK(rule("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "upgrade") == "502 1");
}

TEST_CASE("data plane: past max_connections clients are told so and the admin side answers") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {"limits: {max_connections: 2}"}));
  auto first = std::make_unique<RawClient>(ficus.port());
  RawClient second(ficus.port());
  CHECK(first->exchange(request("GET /")).status() == 200);
  CHECK(second.exchange(request("GET /")).status() == 200);
  for (int i = 0; i < 3; ++i) {
    RawClient over(ficus.port());
    const HttpMessage response = over.exchange(request("GET /over"));
    CHECK(response.status() == 503);
    CHECK(response.header("Connection") == "close");
    CHECK(response.header("Retry-After") == "1");
    over.half_close();
    CHECK(over.read_to_end().empty());
    CHECK_FALSE(over.was_reset());
  }
  CHECK(shed(ficus, "max_connections") == "3");
  CHECK(open_connections(ficus) == "2");
  CHECK(metric(ficus, "limit_used_ratio{limit=\"max_connections\"}") == "1");
  CHECK(backend.requests() == 2);
  // Those that are served go on; one that ends makes room.
  CHECK(second.exchange(request("GET /")).status() == 200);
  first.reset();
  CHECK(eventually([&] { return open_connections(ficus) == "1"; }));
  RawClient third(ficus.port());
  CHECK(third.exchange(request("GET /")).status() == 200);
  ficus.terminate();
}

TEST_CASE("data plane: one client may have so many connections, another has its own") {
  ScriptedBackend backend;
  FicusProcess ficus(
      in_front_of(backend, {"limits: {max_connections_per_client: 1}", "proxy_protocol: v1"}));
  const auto from = [](const std::string& ip) {
    return "PROXY TCP4 " + ip + " 10.0.0.1 1 2\r\n" + request("GET /");
  };
  auto first = std::make_unique<RawClient>(ficus.port());
  CHECK(first->exchange(from("192.0.2.1")).status() == 200);
  RawClient over(ficus.port());
  const HttpMessage response = over.exchange(from("192.0.2.1"));
  CHECK(response.status() == 429);
  CHECK(response.header("Retry-After") == "1");
  RawClient other(ficus.port());
  CHECK(other.exchange(from("192.0.2.2")).status() == 200);
  CHECK(shed(ficus, "max_connections_per_client") == "1");
  first.reset();
  CHECK(eventually([&] { return open_connections(ficus) == "1"; }));
  RawClient again(ficus.port());
  CHECK(again.exchange(from("192.0.2.1")).status() == 200);
}

TEST_CASE("data plane: the connections of a trusted proxy are not one client's") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(
      backend, {"limits: {max_connections_per_client: 1}", "trusted_proxies: [127.0.0.1]"}));
  RawClient first(ficus.port());
  RawClient second(ficus.port());
  CHECK(first.exchange(request("GET /")).status() == 200);
  CHECK(second.exchange(request("GET /")).status() == 200);
}

TEST_CASE("data plane: out of descriptors the proxy says so, lives on and stays in reach") {
  FICUS_NEEDS_NO_SANITIZER();
  ScriptedBackend backend({read_request(), hold()});
  constexpr int kDescriptors = 64;
  FicusProcess ficus(
      in_front_of(backend, {"limits: {max_connections: 1000}", "timeouts: {request_head: 5m}"}),
      kDescriptors);
  CHECK_THAT(ficus.process().output(), ContainsSubstring("raise the limit"));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2 * kDescriptors; ++i) {
    clients.push_back(std::make_unique<RawClient>(ficus.port()));
  }
  CHECK(clients.back()->read_response().status() == 503);
  for (int i = 0; i < 3; ++i) CHECK(ficus.admin_get("/livez").status() == 200);
  CHECK(shed(ficus, "descriptors") != "0");
  clients.clear();
  backend.on_every_connection(answer_each(ok("ok")));
  CHECK(eventually([&] {
    RawClient client(ficus.port());
    return client.exchange(request("GET /")).status() == 200;
  }));
  ficus.terminate();
}

TEST_CASE("data plane: at the limit that auto stands for the admin side has its descriptors") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {}), 128);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 120; ++i) clients.push_back(std::make_unique<RawClient>(ficus.port()));
  CHECK(eventually([&] { return shed(ficus, "max_connections") != "0"; }));
  CHECK(metric(ficus, "limit_used_ratio{limit=\"max_connections\"}") == "1");
  CHECK(shed(ficus, "descriptors") == "0");
  CHECK(clients.front()->exchange(request("GET /")).status() == 200);
}

TEST_CASE("data plane: idle connections to backends give way where descriptors are short") {
  const Script held = {read_request(), hold(), send(ok("ok")), again()};
  ScriptedBackend old(held);
  ScriptedBackend fresh(held);
  FicusProcess ficus("workers: 2\nbackends:\n  old: {endpoints: [\"" + old.url() +
                         "\"]}\n  fresh: {endpoints: [\"" + fresh.url() +
                         "\"]}\nroutes:\n  - {name: a, match: {path_prefix: /old}, legacy: old}\n"
                         "  - {name: b, match: {path_prefix: /new}, legacy: fresh}\n",
                     128);
  constexpr std::size_t kClients = 40;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(ficus.port()));
  }
  const auto all_at_once = [&](const std::string& target, ScriptedBackend& backend) {
    for (const auto& client : clients) client->send(request("GET " + target));
    CHECK(eventually([&] { return backend.requests() == kClients; }));
    for (std::size_t i = 0; i < kClients; ++i) backend.release();
    std::size_t served = 0;
    for (const auto& client : clients) served += client->read_response().status() == 200 ? 1 : 0;
    return served;
  };
  CHECK(all_at_once("/old", old) == kClients);
  CHECK(all_at_once("/new", fresh) == kClients);
  CHECK(ficus.admin_get("/livez").status() == 200);
}

TEST_CASE("data plane: what auto allows is said in one sentence where it is little") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, {}), 64);
  CHECK_THAT(ficus.process().output(),
             ContainsSubstring("limits.max_connections 18 (half of 64 descriptors less 28 of its "
                               "own)") &&
                 ContainsSubstring("no more than 18 connections of clients can be served, because "
                                   "this process may open only 64 descriptors: raise that limit "
                                   "(LimitNOFILE= in the unit, ulimit -n), to 548 for 256 "
                                   "connections"));
}

TEST_CASE("data plane: a health check that finds no descriptor says nothing about the endpoint") {
  FICUS_NEEDS_NO_SANITIZER();
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(
      backend,
      {"", "", "health_check: {path: /, interval: 100ms, healthy_after: 1, unhealthy_after: 1}"}));
  const auto asked_again = [&] {
    return eventually([&, before = backend.requests()] { return backend.requests() > before + 2; });
  };
  REQUIRE(asked_again());
  rlimit before{};
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_NOFILE, nullptr, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_NOFILE, &none, nullptr) == 0);
  ficus.process().wait_for_line("health checks cannot be made: Too many open files");
  REQUIRE(::prlimit(ficus.process().pid(), RLIMIT_NOFILE, &before, nullptr) == 0);
  REQUIRE(asked_again());
  CHECK_THAT(ficus.process().output(), !ContainsSubstring("unhealthy"));
}

TEST_CASE("data plane: only so many of who is over a limit are waited for") {
  ScriptedBackend backend;
  FicusProcess ficus(
      in_front_of(backend, {"limits: {max_connections: 8, max_connections_per_client: 1}"}));
  RawClient first(ficus.port());
  CHECK(first.exchange(request("GET /")).status() == 200);
  // Sixteen may be silent for a while; the next one is told at once.
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 17; ++i) silent.push_back(std::make_unique<RawClient>(ficus.port()));
  pollfd told[2] = {{silent.front()->descriptor(), POLLIN, 0},
                    {silent.back()->descriptor(), POLLIN, 0}};
  REQUIRE(::poll(told, 2, static_cast<int>(kPatience.count())) > 0);
  CHECK(told[1].revents != 0);
  CHECK(told[0].revents == 0);
  CHECK(silent.back()->read_response().status() == 429);
  CHECK(silent.back()->read_to_end().empty());
  CHECK(silent.front()->read_response().status() == 429);
  CHECK(open_connections(ficus) == "1");
}
