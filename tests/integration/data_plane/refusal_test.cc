// Requests that must not pass: each is refused with its own status, the connection ends, nothing
// of it reaches the backend and nothing behind it is read as a request.

#include <algorithm>

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

struct Refused {
  std::string name;
  std::string bytes;
  int status = 400;
};

std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

void check_refused(const std::vector<Refused>& cases) {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (const Refused& given : cases) {
    INFO(given.name);
    RawClient client(ficus.port());
    client.send_what_fits(given.bytes + kSmuggled, milliseconds(2000));
    const HttpMessage response = client.read_response();
    CHECK(response.status() == given.status);
    CHECK(response.header("Connection") == "close");
    CHECK(response.header("Content-Type") == "application/problem+json");
    client.half_close();
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
  }
  // A last good request shows that nothing of the others was forwarded.
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /good")).raw == ok("ok"));
  CHECK(backend.received() == forwarded("GET /good"));
  CHECK(backend.connections() == 1);
}

}  // namespace

TEST_CASE("data plane: a request whose length is in doubt is refused") {
  check_refused({
      {"CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")},
      {"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\nGPOST")},
      {"TE.CL, zero", post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n")},
      {"two lengths", post("Content-Length: 0\r\nContent-Length: 38\r\n", "")},
      {"two equal lengths", post("Content-Length: 1\r\nContent-Length: 1\r\n", "x")},
      {"list of lengths", post("Content-Length: 1, 1\r\n", "x")},
      {"empty length", post("Content-Length:\r\n", "")},
      {"sign", post("Content-Length: +1\r\n", "x")},
      {"minus", post("Content-Length: -1\r\n", "x")},
      {"hexadecimal", post("Content-Length: 0x1\r\n", "x")},
      {"fraction", post("Content-Length: 1.0\r\n", "x")},
      {"inner space", post("Content-Length: 1 1\r\n", "x")},
      {"overflow of 64 bits", post("Content-Length: 18446744073709551617\r\n", "x")},
      {"overflow of 63 bits", post("Content-Length: 9223372036854775808\r\n", "x")},
      {"two codings", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
      {"TE.TE, identity",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
      {"TE.TE, twice",
       post("Transfer-Encoding: chunked\r\nTransfer-encoding: chunked\r\n", "0\r\n\r\n")},
      {"chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
      {"empty coding", post("Transfer-Encoding:\r\n", "0\r\n\r\n")},
      {"quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
      {"vertical tab", post("Transfer-Encoding: \x0b"
                            "chunked\r\n",
                            "0\r\n\r\n")},
      {"coding on HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
      {"coding with a parameter", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
  });
}

TEST_CASE("data plane: a head whose lines are in doubt is refused") {
  check_refused({
      {"space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
      {"tab before the colon", post("Content-Length\t: 1\r\n", "x")},
      {"folded line", post("X: a\r\n Transfer-Encoding: chunked\r\n", "")},
      {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n"},
      {"bare LF in fields", "GET / HTTP/1.1\r\nHost: a\r\nX: b\nContent-Length: 3\r\n\r\n"},
      {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rContent-Length: 3\r\n\r\n"},
      {"NUL in a value", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 36)},
      {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
      {"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"},
      {"name with a control", "GET / HTTP/1.1\r\nHost: a\r\nX\x01: x\r\n\r\n"},
      {"name that is no token", "GET / HTTP/1.1\r\nHost: a\r\nTransfer\xc5: chunked\r\n\r\n"},
      {"connection option that is no token",
       "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n"},
  });
}

TEST_CASE("data plane: a request line or Host in doubt is refused") {
  check_refused({
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
      {"bad Host under an absolute target", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"no version", "GET /\r\nHost: a\r\n\r\n"},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
      {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n"},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"tab as a separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"control in the target", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"encoded NUL", "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"star with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"TLS", "\x16\x03\x01\x02\r\n\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501},
      {"unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417},
  });
}

TEST_CASE("data plane: a request over a limit is refused, and its answer is not lost") {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  check_refused({
      {"target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"endless target", "GET /" + std::string(200'000, 'a'), 414},
      {"endless method", std::string(100'000, 'A'), 414},
      {"fields", post(many, ""), 431},
      {"one field", post("X: " + std::string(40'000, 'a') + "\r\n", ""), 431},
      {"endless field", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300'000, 'a'), 431},
  });
}

TEST_CASE("data plane: a faulty chunk ends the request: 400, and the backend sees it cut") {
  const std::string bytes =
      GENERATE(as<std::string>{}, "5\r\nhelloX\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
               "5\r\nhello\n0\r\n\r\n", "5\rX\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
               "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
               "5 \r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "5,\r\nhello\r\n0\r\n\r\n",
               "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "8000000000000000\r\nhello\r\n0\r\n\r\n",
               "5;\n\r\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n",
               "5;\"\n\"\r\nhello\r\n0\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\nX: y\nZ: z\r\n\r\n",
               "0\r\n folded\r\n\r\n", "0\n\n", "0\r\n\n");
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  // A good chunk first, so that the backend surely has begun with the request.
  client.send(request("POST /", "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n"));
  backend.wait_for_bytes(0, forwarded("POST /", "Transfer-Encoding: chunked\r\n").size() + 7);
  client.send(bytes + kSmuggled);
  const HttpMessage response = client.read_response();
  CHECK(response.status() == 400);
  CHECK(response.header("Connection") == "close");
  client.half_close();
  CHECK(client.read_to_end().empty());
  backend.wait_for_end_of_connection();
  CHECK(backend.requests() == 0);
  CHECK(backend.connections() == 1);
  CHECK_THAT(backend.received(), !ContainsSubstring("smuggled"));
}

TEST_CASE("data plane: a chunk fault in the first bytes of a request is no complete request") {
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage response =
      client.exchange(request("POST /", "Transfer-Encoding: chunked\r\n", "zz\r\n") + kSmuggled);
  CHECK(response.status() == 400);
  client.half_close();
  CHECK(client.read_to_end().empty());
  CHECK(backend.requests() == 0);
}

TEST_CASE("data plane: extensions and trailers without an end are refused") {
  const std::string bytes =
      GENERATE("5;" + std::string(200'000, 'a'), "0\r\nX: " + std::string(200'000, 'a'));
  ScriptedBackend backend({read_request(), send(ok("ok"))});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send_what_fits(request("POST /", "Transfer-Encoding: chunked\r\n", bytes),
                        milliseconds(2000));
  CHECK(client.read_response().status() == 400);
}

TEST_CASE("data plane: a body on GET or DELETE is a body, not a request") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  const std::string method = GENERATE("GET /", "DELETE /", "HEAD /", "OPTIONS *", "FROB /");
  const std::string length = "Content-Length: " + std::to_string(kSmuggled.size()) + "\r\n";
  RawClient client(ficus.port());
  client.send(request(method, length, kSmuggled));
  client.read_until("\r\n\r\n");
  CHECK(backend.wait_for_request().raw == forwarded(method, length, kSmuggled));
  CHECK(backend.requests() == 1);
}

TEST_CASE("data plane: Content-Length: 0 with bytes behind it is two requests") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /one", "Content-Length: 00\r\n") + request("GET /two"));
  CHECK(client.read_response().raw == ok("ok"));
  CHECK(client.read_response().raw == ok("ok"));
  CHECK(backend.received() ==
        forwarded("POST /one", "Content-Length: 0\r\n") + forwarded("GET /two"));
}
