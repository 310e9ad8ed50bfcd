// Rule 8: 1xx is interim, and a tunnel begins only when the client asked and the backend agreed.
// RFC 9110 §15.2, §7.8, §10.1.1.

#include <cerrno>
#include <sys/socket.h>

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
const std::string kHints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
const std::string kAsk = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";

std::string asked(const std::string& protocol = "websocket") {
  std::string bytes = forwarded("GET /", "Upgrade: " + protocol + "\r\n");
  return bytes.insert(bytes.size() - 2, "Connection: upgrade\r\n");
}

}  // namespace

TEST_CASE("rule 8: interim answers pass, and the final one follows") {
  const auto interim = [](const std::string& name, const std::string& sent,
                          const std::string& gets) {
    return Case{.name = name,
                .backend_sends = sent + ok("ok"),
                .client_gets = gets + ok("ok"),
                .connections = 1};
  };
  const std::string processing = "HTTP/1.1 102 Processing\r\n\r\n";
  play({
      interim("100 that nobody asked for", kContinue, kContinue),
      interim("102", processing, processing),
      interim("103", kHints, kHints),
      interim("several", processing + kHints + processing, processing + kHints + processing),
      interim("unknown 1xx", "HTTP/1.1 199 Odd\r\n\r\n", "HTTP/1.1 199 Odd\r\n\r\n"),
      interim("in HTTP/1.0", "HTTP/1.0 103 Early\r\n\r\n", "HTTP/1.1 103 Early\r\n\r\n"),
      interim("Connection: close in it", "HTTP/1.1 103 Early\r\nConnection: X-A\r\nX-A: 1\r\n\r\n",
              "HTTP/1.1 103 Early\r\n\r\n"),
      interim("a length of 0 in it", "HTTP/1.1 103 Early\r\nContent-Length: 0\r\n\r\n",
              "HTTP/1.1 103 Early\r\n\r\n"),
  });
}

TEST_CASE("rule 8: 100-continue is the backend's to say") {
  const std::string fields = "Expect: 100-continue\r\nContent-Length: 5\r\n";
  const std::string head = forwarded("POST /", fields);
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());

  SECTION("said: the body follows") {
    backend.on_next_connection({read_head(), send(kContinue), read_count(5), send(ok("ok")),
                                read_request(), send(ok("ok")), read_to_end()});
    client.send(request("POST /", fields));
    CHECK(client.read_bytes(kContinue.size()) == kContinue);
    client.send("hello");
    CHECK(client.read_bytes(ok("ok").size()) == ok("ok"));
    CHECK(client.exchange(request("GET /next")).raw == ok("ok"));
    CHECK(backend.received() == head + "hello" + forwarded("GET /next"));
  }
  SECTION("said twice") {
    backend.on_next_connection(
        {read_head(), send(kContinue + kContinue), read_count(5), send(ok("ok")), read_to_end()});
    client.send(request("POST /", fields));
    CHECK(client.read_bytes(2 * kContinue.size()) == kContinue + kContinue);
    client.send("hello");
    CHECK(client.read_bytes(ok("ok").size()) == ok("ok"));
  }
  SECTION("refused: nothing more is read") {
    const std::string refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n";
    backend.on_next_connection({read_head(), send(refusal + "\r\n"), read_to_end()});
    client.send(request("POST /", fields));
    CHECK(client.read_bytes(refusal.size() + 21) == refusal + "Connection: close\r\n\r\n");
    client.send_what_fits(kSmuggled, milliseconds(100));
    client.half_close();
    CHECK(client.read_to_end().empty());
    backend.wait_for_end_of_connection();
    CHECK(backend.received() == head);
  }
  SECTION("of a chunked body") {
    const std::string chunked_fields = "Expect: 100-continue\r\n" + kChunked;
    backend.on_next_connection(
        {read_head(), send(kContinue), read_count(15), send(ok("ok")), read_to_end()});
    client.send(request("POST /", chunked_fields));
    CHECK(client.read_bytes(kContinue.size()) == kContinue);
    client.send("5\r\nhello\r\n0\r\n\r\n");
    CHECK(client.read_bytes(ok("ok").size()) == ok("ok"));
    CHECK(backend.received() == forwarded("POST /", chunked_fields, "5\r\nhello\r\n0\r\n\r\n"));
  }
}

TEST_CASE("rule 8: interim answers without a final one are a bad gateway") {
  play({
      {.name = "end behind 100",
       .script = {read_request(), send(kContinue), close_connection()},
       .client_gets = kContinue,
       .status = 502,
       .connections = 2},
      {.name = "nonsense behind 103",
       .script = {read_request(), send(kHints + "nonsense\r\n\r\n"), read_to_end()},
       .client_gets = kHints,
       .status = 502,
       .connections = 2},
  });
}

TEST_CASE("rule 8: a tunnel begins when both sides want it, and loses no byte") {
  const auto tunnel = [](const std::string& name, const std::string& sent,
                         const std::string& arrives, const Script& script,
                         const std::string& gets) {
    return Case{.name = name,
                .client_sends = sent,
                .backend_gets = arrives,
                .script = script,
                .client_gets = gets,
                .then = Then::closed,
                .client = Client::half_closes};
  };
  const std::string plain = request("GET /", kAsk);
  play({
      tunnel("nothing said", plain, asked(), {read_head(), send(kSwitch), read_to_end()}, kSwitch),
      tunnel("bytes behind the 101", plain, asked(),
             {read_head(), send(kSwitch + "\x81\x05hello"), read_to_end()},
             kSwitch + "\x81\x05hello"),
      tunnel("bytes behind the request", plain + "eager", asked() + "eager",
             {read_head(), send(kSwitch), read_count(5), send("pong"), read_to_end()},
             kSwitch + "pong"),
      tunnel("what looks like a request is not one", plain + kSmuggled, asked() + kSmuggled,
             {read_head(), send(kSwitch), read_count(kSmuggled.size()), send(ok("raw")),
              read_to_end()},
             kSwitch + ok("raw")),
      tunnel("interim answers before", plain, asked(),
             {read_head(), send(kHints + kSwitch), read_to_end()}, kHints + kSwitch),
      tunnel("protocol in another case", plain, asked(),
             {read_head(),
              send("HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
                   "connection: Upgrade\r\n\r\n"),
              read_to_end()},
             "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
             "Connection: upgrade\r\n\r\n"),
      tunnel("one of several protocols",
             request("GET /", "Connection: Upgrade\r\nUpgrade: chat/2, websocket\r\n"),
             asked("chat/2, websocket"), {read_head(), send(kSwitch), read_to_end()}, kSwitch),
  });
}

TEST_CASE("rule 8: a tunnel that one side breaks off is broken off on the other") {
  ScriptedBackend backend({read_head(), send(kSwitch), hold(), reset_connection()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  SECTION("by the backend") {
    client.send(request("GET /", kAsk));
    CHECK(client.read_bytes(kSwitch.size()) == kSwitch);
    backend.release();
    client.read_to_end();
    CHECK(client.was_reset());
  }
  SECTION("by the client") {
    const ReservedPort port;
    const Descriptor listener = port.listen();
    FicusProcess other("workers: 1\nbackends:\n  only: {endpoints: [\"http://127.0.0.1:" +
                       std::to_string(port.port()) +
                       "\"]}\nroutes:\n  - {name: r, match: {path_prefix: /}, legacy: only}\n");
    RawClient leaves(other.port());
    leaves.send(request("GET /", kAsk));
    REQUIRE(wait_for(listener.get(), Readiness::read, Deadline()));
    const Descriptor server(::accept(listener.get(), nullptr, nullptr));
    ::send(server.get(), kSwitch.data(), kSwitch.size(), MSG_NOSIGNAL);
    CHECK(leaves.read_bytes(kSwitch.size()) == kSwitch);
    leaves.reset();
    char bytes[4096];
    ssize_t got = 1;
    while ((got = ::recv(server.get(), bytes, sizeof bytes, 0)) > 0) {
    }
    CHECK(got < 0);
    CHECK(errno == ECONNRESET);
  }
}

TEST_CASE("rule 8: an offer that is not taken is an ordinary exchange") {
  play({
      {.name = "200",
       .client_sends = request("GET /", kAsk),
       .backend_gets = asked(),
       .connections = 1},
      {.name = "200 and a request behind",
       .client_sends = request("GET /", kAsk) + request("GET /2"),
       .backend_gets = asked() + forwarded("GET /2"),
       .client_gets = ok("ok") + ok("ok"),
       .connections = 1},
      {.name = "403",
       .client_sends = request("GET /", kAsk),
       .backend_gets = asked(),
       .backend_sends = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
       .client_gets = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
      {.name = "426 says what it wants",
       .backend_sends = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                        "Connection: upgrade\r\nContent-Length: 0\r\n\r\n",
       .client_gets = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                      "Content-Length: 0\r\nConnection: upgrade\r\n\r\n"},
      {.name = "Upgrade in 200 is dropped",
       .backend_sends = ok("ok", "Upgrade: websocket\r\nConnection: upgrade\r\n")},
  });
}
