// What the access log says of each way in which a request can end.

#include <algorithm>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

class Logged {
 public:
  explicit Logged(const std::string& configuration, const std::string& keys = {})
      : ficus_("access_log: {path: " + path() + keys + "}\n" + configuration) {}

  FicusProcess& ficus() { return ficus_; }
  std::string path() const { return (folder_.path() / "access.log").string(); }

  // Waits for the n-th line (from 0).
  std::string line(std::size_t number = 0) const {
    std::string text;
    const auto lines = [&] {
      text = read_file(path());
      return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    };
    if (!eventually([&] { return lines() > number; })) {
      throw HarnessError("no such line; the log: " + text);
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < number; ++i) begin = text.find('\n', begin) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

 private:
  TemporaryFolder folder_;
  FicusProcess ficus_;
};

std::string with_timeouts(const ScriptedBackend& backend, const std::string& timeouts) {
  return "workers: 1\nbackends:\n  only: {endpoints: [\"" + backend.url() + "\"], timeouts: {" +
         timeouts + "}}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
}

std::string named(const std::string& key, const std::string& value) {
  return "\"" + key + "\":\"" + value + "\"";
}

bool has(const std::string& line, const std::string& part) {
  return line.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("access log: a good request with all that is known of it") {
  ScriptedBackend backend(answer_each(ok("hello")));
  Logged logged(split({"http://127.0.0.1:1"}, {backend.url()}));
  RawClient client(logged.ficus().port());
  CHECK(client
            .exchange(request("POST /a%62?token=secret",
                              "Content-Length: 3\r\nUser-Agent: t \"1\"\r\nREFERER: http://r/\r\n",
                              "abc"))
            .status() == 200);
  const std::string line = logged.line();
  CAPTURE(line);
  CHECK(line.starts_with("{\"time\":\"20"));
  CHECK(has(line, R"(","request_id":"r1","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
                  R"("client":"127.0.0.1","method":"POST","host":"a","path":"/ab",)"
                  R"("protocol":"HTTP/1.1","status":200,"bytes_in":3,"bytes_out":5,"route":"shop",)"
                  R"("side":"new","reason":"weight","backend":"fresh","endpoint":"127.0.0.1:)"));
  CHECK(has(line, "\"duration_ms\":"));
  CHECK(has(line, "\"connect_ms\":"));
  CHECK(has(line, "\"first_byte_ms\":"));
  CHECK(line.ends_with(R"("referer":"http://r/","user_agent":"t \"1\""})"));
  CHECK_FALSE(has(line, "secret"));
}

TEST_CASE("access log: ids that the proxy began, and no route") {
  ScriptedBackend backend;
  Logged logged("workers: 1\nbackends: {only: {endpoints: [\"" + backend.url() +
                "\"]}}\nroutes: [{name: shop, match: {path_prefix: /shop}, legacy: only}]\n");
  RawClient client(logged.ficus().port());
  CHECK(client.exchange("GET /shop HTTP/1.1\r\nHost: a\r\n\r\n").status() == 200);
  const HttpMessage sent = backend.wait_for_request();
  const std::string found = logged.line();
  CAPTURE(found);
  CHECK(has(found, named("request_id", sent.header("X-Request-Id").value_or("none"))));
  CHECK(has(found, named("trace_id", sent.header("traceparent").value_or("").substr(3, 32))));
  CHECK(has(found, named("reason", "only_side")));

  const HttpMessage missed = client.exchange("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(missed.status() == 404);
  const std::string lost = logged.line(1);
  CAPTURE(lost);
  CHECK(has(lost, "\"status\":404,\"bytes_in\":0,\"bytes_out\":" +
                      std::to_string(missed.body.size()) + ",\"duration_ms\":"));
  CHECK(has(lost, R"("error":"no_route","fault":"client","detail":"no route fits)"));
  CHECK_FALSE(has(lost, "\"route\""));
}

TEST_CASE("access log: one id in the backend's head, the answer and the line, anew each time") {
  ScriptedBackend backend(answer_each(ok("x")));
  Logged logged("limits: {max_body_bytes: 10B}\nworkers: 1\nbackends: {only: {endpoints: [\"" +
                backend.url() +
                "\"]}}\nroutes: [{name: shop, match: {path_prefix: /shop}, legacy: only}]\n");
  RawClient client(logged.ficus().port());
  client.exchange("GET /shop HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto sent = backend.wait_for_request().header("X-Request-Id").value_or("none");
  CHECK(sent.size() == 32);
  CHECK(has(logged.line(), named("request_id", sent)));

  client.exchange("GET /shop HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n");
  CHECK(backend.wait_for_request(1).header("X-Request-Id") == "mine");
  CHECK(has(logged.line(1), named("request_id", "mine")));

  // Two are none of the client's, and what came before on the connection is forgotten.
  client.exchange("GET /shop HTTP/1.1\r\nHost: a\r\nX-Request-Id: b\r\nX-Request-Id: c\r\n\r\n");
  const auto third = backend.wait_for_request(2).header("X-Request-Id").value_or("none");
  CHECK(third.size() == 32);
  CHECK(third != sent);
  CHECK(has(logged.line(2), named("request_id", third)));

  CHECK(client.exchange("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").status() == 404);
  CHECK_FALSE(has(logged.line(3), "\"request_id\""));

  const HttpMessage refused =
      client.exchange("POST /shop HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  CHECK(refused.status() == 413);
  const std::string line = logged.line(4);
  CAPTURE(line, refused.raw);
  const std::size_t at = line.find("\"request_id\":\"");
  REQUIRE(at != std::string::npos);
  CHECK(has(refused.raw, line.substr(at + 14, 32)));
}

TEST_CASE("access log: the client that a trusted proxy names, however long its address is") {
  ScriptedBackend backend(answer_each(ok("x")));
  Logged logged("listeners: [{address: \"127.0.0.1:0\", trusted_proxies: [127.0.0.0/8]}]\n" +
                in_front_of(backend));
  RawClient client(logged.ficus().port());
  const std::string longest = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
  const std::vector<std::string> addresses{longest, "192.0.2.1", "2001:db8::1"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    client.exchange(request("GET /", "X-Forwarded-For: " + addresses[i] + "\r\n"));
    CHECK(has(logged.line(i), named("client", addresses[i])));
  }
  client.exchange(request("GET /", "Forwarded: for=\"[" + longest + "]:4711\"\r\n"));
  CHECK(has(logged.line(3), named("client", longest)));
}

TEST_CASE("access log: a head that was refused, or did not come whole") {
  ScriptedBackend backend;
  Logged logged("listeners: [{address: \"127.0.0.1:0\", timeouts: {request_head: 200ms}}]\n" +
                in_front_of(backend));
  RawClient bad(logged.ficus().port());
  CHECK(bad.exchange("GET /a?secret=1 HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n").status() == 400);
  const std::string refused = logged.line();
  CAPTURE(refused);
  CHECK(has(refused, R"("client":"127.0.0.1","first_line":"GET /a","status":400,)"));
  CHECK(has(refused, R"("error":"malformed_request","fault":"client","detail":")"));

  RawClient handshake(logged.ficus().port());
  handshake.send(std::string("\x16\x03\x01\x00\xff\n\n", 7));
  CHECK(handshake.read_response().status() == 400);
  CHECK(has(logged.line(1), R"("first_line":"\u0016\u0003\u0001\u0000\u00ff",)"));

  RawClient slow(logged.ficus().port());
  slow.send("GET /slow HTTP/1.1\r\nHo");
  CHECK(slow.read_response().status() == 408);
  const std::string late = logged.line(2);
  CAPTURE(late);
  CHECK(has(late, R"("first_line":"GET /slow HTTP/1.1","status":408,)"));
  CHECK(has(late, R"("error":"request_timeout","fault":"client")"));

  RawClient big(logged.ficus().port());
  big.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n");
  CHECK(big.read_response().status() == 431);
  CHECK(has(logged.line(3), R"("status":431,)"));
}

TEST_CASE("access log: each failure of a server by its kind") {
  ScriptedBackend backend;
  Logged logged(with_timeouts(backend, "first_byte: 1s, idle: 1s"));
  struct Failure {
    Script script;
    std::string part;
  };
  const std::vector<Failure> failures{
      {{read_request(), reset_connection()}, R"("error":"reset","fault":"upstream","detail":"the)"},
      {{read_request(), read_to_end()}, R"("error":"first_byte_timeout","fault":"upstream")"},
      {{read_request(), send("nonsense\r\n\r\n")}, R"("error":"malformed_response","fault":"up)"},
      {{read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), read_to_end()},
       R"("error":"idle_timeout","fault":"upstream")"},
      {{read_request(), send(ok("x").replace(9, 6, "500 No")), again()},
       R"("error":"status","fault":"upstream"})"},
  };
  const std::vector<int> statuses{502, 504, 502, 200, 500};
  for (std::size_t i = 0; i < failures.size(); ++i) {
    CAPTURE(i);
    backend.on_next_connection(failures[i].script);
    RawClient client(logged.ficus().port());
    client.send(request("GET /"));
    client.read_response();
    const std::string line = logged.line(i);
    CAPTURE(line);
    CHECK(has(line, failures[i].part));
    CHECK(has(line, "\"status\":" + std::to_string(statuses[i]) + ","));
  }
  backend.stop();
  RawClient client(logged.ficus().port());
  client.exchange(request("GET /"));
  CHECK(
      has(logged.line(5), R"("error":"connect_failure","fault":"upstream","detail":"the server)"));
}

TEST_CASE("access log: a client that leaves, and one that stops in its body") {
  ScriptedBackend backend({read_request(), read_to_end()});
  Logged logged("listeners: [{address: \"127.0.0.1:0\", timeouts: {request_body_idle: 200ms}}]\n" +
                in_front_of(backend));
  RawClient leaves(logged.ficus().port());
  leaves.send(request("GET /left"));
  backend.wait_for_request();
  leaves.reset();
  const std::string left = logged.line();
  CAPTURE(left);
  CHECK(has(left, R"("status":0,)"));
  CHECK(has(left, R"("error":"client_abort","fault":"client")"));

  RawClient stops(logged.ficus().port());
  stops.send(request("POST /", "Content-Length: 10\r\n", "abc"));
  CHECK(stops.read_response().status() == 408);
  const std::string stopped = logged.line(1);
  CAPTURE(stopped);
  CHECK(has(stopped, R"("status":408,"bytes_in":3,)"));
  CHECK(has(stopped, R"("error":"body_timeout","fault":"client")"));
}

TEST_CASE("access log: both tries of a fallback, kept whatever is sampled") {
  ScriptedBackend legacy(answer_each(ok("legacy")));
  ScriptedBackend fresh(answer_each("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
  TwoSides terms;
  terms.route = "fallback: {on: [503], budget_percent: 100}";
  Logged logged(split({legacy.url()}, {fresh.url()}, terms), ", sample_percent: 0");
  RawClient client(logged.ficus().port());
  CHECK(client.exchange(request("GET /")).body == "legacy");
  const std::string line = logged.line();
  CAPTURE(line);
  CHECK(has(line, R"("status":200,)"));
  CHECK(has(line, R"("side":"legacy",)"));
  CHECK(has(line, R"("tries":[{"side":"new","endpoint":"127.0.0.1:)" +
                      std::to_string(fresh.port()) + R"(","status":503,"error":"status",)"));
  CHECK(has(line, R"({"side":"legacy","endpoint":"127.0.0.1:)" + std::to_string(legacy.port()) +
                      R"(","status":200,"duration_ms":)"));
  CHECK_FALSE(has(line, R"("fault")"));
}

TEST_CASE("access log: sampling leaves out what went well, and nothing else") {
  HttpBackend backend("only");
  TemporaryFolder folder;
  Logged logged("workers: 1\nbackends: {only: {endpoints: [\"" + backend.url() +
                    "\"]}}\nroutes: [{name: all, legacy: only}]\n",
                ", sample_percent: 0, format: \"{status} {path}\"");
  RawClient client(logged.ficus().port());
  for (int i = 0; i < 20; ++i) CHECK(client.exchange(request("GET /good")).status() == 200);
  backend.set_mode(BackendMode::failing);
  CHECK(client.exchange(request("GET /bad")).status() == 500);
  CHECK(logged.line() == "500 /bad");
  logged.ficus().terminate();
  CHECK(read_file(logged.path()) == "500 /bad\n");
}

TEST_CASE("access log: a tunnel at its end, with the bytes of both directions") {
  ScriptedBackend backend({read_head(),
                           send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                "Upgrade: echo\r\n\r\n"),
                           read_count(4), send("answer"), half_close(), read_to_end()});
  Logged logged(in_front_of(backend));
  RawClient client(logged.ficus().port());
  client.send(request("GET /", "Connection: Upgrade\r\nUpgrade: echo\r\n"));
  CHECK(client.read_response().status() == 101);
  client.send("ping");
  CHECK(client.read_bytes(6) == "answer");
  CHECK(read_file(logged.path()).empty());
  client.half_close();
  CHECK(has(logged.line(), R"("status":101,"bytes_in":4,"bytes_out":6,)"));
}
