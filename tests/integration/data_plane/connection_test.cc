// How long connections live on either side, and in which order answers come.

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

// SIGSTOP takes effect a moment after it was sent, thread by thread.
bool is_stopped(const Process& process) {
  const auto threads = std::filesystem::path("/proc") / std::to_string(process.pid()) / "task";
  for (const auto& thread : std::filesystem::directory_iterator(threads)) {
    if (read_file(thread.path() / "stat").find(") T ") == std::string::npos) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("data plane: requests of one client and of the next share a backend connection") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (int clients = 0; clients < 3; ++clients) {
    RawClient client(ficus.port());
    for (int i = 0; i < 3; ++i) CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  }
  CHECK(backend.requests() == 9);
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: pipelined requests are answered in order, bodies between them") {
  HttpBackend backend("echo");
  backend.set_echo();
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /}, legacy: only}\n");
  std::string pipelined;
  for (int i = 0; i < 20; ++i) {
    pipelined += request("GET /a" + std::to_string(i));
    pipelined += request("POST /b" + std::to_string(i), "Content-Length: 5\r\n", "GET /");
    // One byte: more could arrive in two pieces, and would leave in two chunks.
    pipelined += request("POST /c" + std::to_string(i), "Transfer-Encoding: chunked\r\n",
                         "1\r\nG\r\n0\r\n\r\n");
  }
  RawClient client(ficus.port());
  SECTION("in one write") { client.send(pipelined); }
  SECTION("in small pieces") {
    for (std::size_t at = 0; at < pipelined.size(); at += 7) client.send(pipelined.substr(at, 7));
  }
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    CHECK(client.read_response().body == forwarded("GET /a" + number));
    CHECK(client.read_response().body ==
          forwarded("POST /b" + number, "Content-Length: 5\r\n", "GET /"));
    CHECK(client.read_response().body ==
          forwarded("POST /c" + number, "Transfer-Encoding: chunked\r\n", "1\r\nG\r\n0\r\n\r\n"));
  }
}

TEST_CASE("data plane: a request behind one that failed is still answered") {
  ScriptedBackend backend;
  backend.on_next_connection({read_request(), send("HTTP/1.1 nonsense\r\n\r\n")});
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /known}, legacy: only}\n");
  RawClient client(ficus.port());
  client.send(request("GET /known/1") + request("GET /unknown") + request("GET /known/2"));
  CHECK(client.read_response().status() == 502);
  CHECK(client.read_response().status() == 404);
  CHECK(client.read_response().raw == ok("ok"));
}

TEST_CASE("data plane: a local answer to HEAD has no body that the next answer could follow") {
  ScriptedBackend backend;
  FicusProcess ficus("workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() +
                     "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /known}, legacy: only}\n");
  RawClient client(ficus.port());
  client.send(request("HEAD /unknown") + request("GET /known"));
  const HttpMessage refused = client.read_response(MessageKind::response_to_head);
  CHECK(refused.status() == 404);
  CHECK(refused.header("Content-Length") != "0");
  CHECK(client.read_response().raw == ok("ok"));
}

TEST_CASE("data plane: Connection: close ends the client's connection but not the backend's") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (int i = 0; i < 2; ++i) {
    RawClient client(ficus.port());
    // What follows such a request is not one.
    client.send(request("GET /", "Connection: close\r\n") + request("GET /more"));
    CHECK(client.read_to_end() == ok("ok", "Connection: close\r\n"));
    CHECK_FALSE(client.was_reset());
  }
  CHECK(backend.received() == forwarded("GET /") + forwarded("GET /"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a backend's Connection: close ends its own connection only") {
  ScriptedBackend backend(answer_each(ok("ok", "Connection: close\r\n")));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.connections() == 2);
}

TEST_CASE("data plane: HTTP/1.0 ends after one answer unless keep-alive was asked for") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient ends(ficus.port());
  ends.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(ends.read_to_end() == ok("ok", "Connection: close\r\n"));

  RawClient stays(ficus.port());
  for (int i = 0; i < 2; ++i) {
    const HttpMessage response =
        stays.exchange("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nKeep-Alive: 300\r\n\r\n");
    CHECK(response.raw == ok("ok", "Connection: keep-alive\r\n"));
  }
  CHECK_FALSE(backend.wait_for_request(1).header("Keep-Alive"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a client that ends its direction still gets its answers") {
  ScriptedBackend backend(
      {read_request(), hold(), send(ok("one")), read_request(), hold(), send(ok("two"))});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("GET /1") + request("POST /2", "Content-Length: 3\r\n", "abc"));
  client.half_close();
  backend.wait_for_request(0);
  backend.release();
  backend.wait_for_request(1);
  backend.release();
  CHECK(client.read_to_end() == ok("one") + ok("two"));
}

TEST_CASE("data plane: a client that leaves before the answer frees the backend") {
  ScriptedBackend backend({read_request(), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  SECTION("before the head") {
    client.send(request("GET /"));
    backend.wait_for_request();
  }
  SECTION("in the middle of its own body") {
    backend.on_every_connection({read_head(), read_to_end()});
    client.send(request("POST /", "Content-Length: 10\r\n", "12345"));
    backend.wait_for_bytes(0, forwarded("POST /", "Content-Length: 10\r\n", "12345").size());
  }
  SECTION("in the middle of the answer") {
    backend.on_every_connection({read_request(),
                                 send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
                                      "\r\nhello"),
                                 read_to_end()});
    client.send(request("GET /"));
    client.read_until("hello");
  }
  client.reset();
  backend.wait_for_end_of_connection();
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: what is left of a response that nobody wanted reaches no other client") {
  const std::string rest = numbered(500'000);
  ScriptedBackend backend;
  backend.on_next_connection({read_request(),
                              send("HTTP/1.1 200 OK\r\nContent-Length: 500005\r\n\r\nhello"),
                              hold(), send(rest), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient leaves(ficus.port());
  leaves.send(request("GET /"));
  leaves.read_until("hello");
  leaves.reset();
  backend.release();
  RawClient stays(ficus.port());
  for (int i = 0; i < 3; ++i) CHECK(stays.exchange(request("GET /")).raw == ok("ok"));
}

TEST_CASE("data plane: a body that the client cut never looks complete to the backend") {
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(backend));
  const bool chunked = GENERATE(true, false);
  RawClient client(ficus.port());
  client.send(chunked ? request("POST /", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n")
                      : request("POST /", "Content-Length: 10\r\n", "hello"));
  backend.wait_for_bytes(0, forwarded("POST /").size() + 5);
  client.half_close();
  backend.wait_for_end_of_connection();
  CHECK(backend.requests() == 0);
  CHECK_THAT(client.read_to_end(), !ContainsSubstring("200 OK"));
}

TEST_CASE("data plane: an answer before the request's end is relayed, then the connection ends") {
  ScriptedBackend backend({read_head(),
                           send("HTTP/1.1 413 Content Too Large\r\n"
                                "Content-Length: 3\r\n\r\nbig"),
                           read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /", "Content-Length: 1000000\r\n", "some"));
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 413);
  CHECK(response.body == "big");
  CHECK(response.header("Connection") == "close");
  // The rest of the body is no request.
  client.send_what_fits(request("GET /smuggled"), milliseconds(100));
  client.half_close();
  CHECK(client.read_to_end().empty());
  backend.wait_for_end_of_connection();
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: an answer from a backend that refuses to read on is not lost") {
  const std::string body = numbered(4'000'000);
  ScriptedBackend backend({read_head(), send("HTTP/1.1 413 Content Too Large\r\n"
                                             "Connection: close\r\nContent-Length: 3\r\n\r\nbig")});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send_what_fits(request("POST /", "Content-Length: 4000000\r\n", body), milliseconds(500));
  CHECK(client.read_response().status() == 413);
}

TEST_CASE("data plane: a full duplex exchange flows both ways") {
  ScriptedBackend backend({read_head(),
                           send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                           read_count(10), send(chunk("one")), read_count(10), send(chunk("two")),
                           read_count(5), send("0\r\n\r\n"), again()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 2; ++i) {
    client.send(request("POST /", "Transfer-Encoding: chunked\r\n"));
    client.read_until("\r\n\r\n");
    client.send(chunk("12345"));
    CHECK(client.read_until("one\r\n") == chunk("one"));
    client.send(chunk("67890"));
    CHECK(client.read_until("two\r\n") == chunk("two"));
    client.send("0\r\n\r\n");
    CHECK(client.read_until("0\r\n\r\n") == "0\r\n\r\n");
  }
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: an answer of the proxy's own ends no connection, whatever went before") {
  ScriptedBackend backend(answer_each("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                      chunk("hello") + "0\r\n\r\n"));
  FicusProcess ficus(in_front_of(backend));
  RawClient old_client(ficus.port());
  old_client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(old_client.read_to_end().ends_with("hello"));
  RawClient client(ficus.port());
  for (int i = 0; i < 3; ++i) {
    const HttpMessage answer = client.exchange(request("OPTIONS /", "Max-Forwards: 0\r\n"));
    CHECK(answer.status() == 200);
    CHECK_FALSE(answer.header("Connection"));
  }
}

// Such requests wait for no server. The log tells in which order they were answered.
TEST_CASE("data plane: hundreds of pipelined requests to the proxy itself let others pass") {
  constexpr int kMany = 300;
  const auto to_the_proxy = [](std::string_view from) {
    return request("OPTIONS *", "Max-Forwards: 0\r\nUser-Agent: " + std::string(from) + "\r\n");
  };
  TemporaryFolder folder;
  const auto log = folder.path() / "access.log";
  ScriptedBackend backend;
  FicusProcess ficus("access_log: {path: " + log.string() + "}\n" + in_front_of(backend));
  RawClient greedy(ficus.port());
  RawClient modest(ficus.port());
  greedy.exchange(to_the_proxy("greedy"));
  modest.exchange(to_the_proxy("modest"));
  std::string burst;
  for (int i = 0; i < kMany; ++i) burst += to_the_proxy("greedy");
  ficus.process().signal(SIGSTOP);
  REQUIRE(eventually([&] { return is_stopped(ficus.process()); }));
  greedy.send(burst);
  modest.send(to_the_proxy("modest"));
  ficus.process().signal(SIGCONT);
  std::string lines;
  REQUIRE(eventually([&] {
    lines = read_file(log);
    return std::count(lines.begin(), lines.end(), '\n') == kMany + 3;
  }));
  const auto modest_line = static_cast<std::ptrdiff_t>(lines.rfind("modest"));
  CHECK(std::count(lines.begin() + modest_line, lines.end(), '\n') > kMany / 2);
}
