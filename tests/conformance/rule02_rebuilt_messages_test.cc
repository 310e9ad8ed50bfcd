// Rule 2: outgoing messages are rebuilt from the judged form. RFC 9112 §2.2, §5, §7.1;
// RFC 9110 §5, §6.5.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

TEST_CASE("rule 2: field lines leave in one spelling, names, order and repeats kept") {
  const auto spelled = [](const std::string& name, const std::string& sent,
                          const std::string& arrives) {
    return Case{.name = name,
                .client_sends = request("GET /", sent),
                .backend_gets = forwarded("GET /", arrives)};
  };
  play({
      spelled("no blank behind the colon", "X:y\r\n", "X: y\r\n"),
      spelled("blanks around the value", "X: \t  y z\t \r\n", "X: y z\r\n"),
      spelled("tab behind the colon", "X:\ty\r\n", "X: y\r\n"),
      spelled("tab within a value", "X: a\tb\r\n", "X: a\tb\r\n"),
      spelled("empty value", "X:\r\n", "X:\r\n"),
      spelled("value of blanks", "X: \t \r\n", "X: \r\n"),
      spelled("case of names", "x-LOWER-Upper: y\r\n", "x-LOWER-Upper: y\r\n"),
      spelled("order and repeats", "B: 1\r\nA: 2\r\nB: 3\r\nb: 4\r\n",
              "B: 1\r\nA: 2\r\nB: 3\r\nb: 4\r\n"),
      spelled("every character of a name", "!#$%&'*+-.^_`|~09azAZ: y\r\n",
              "!#$%&'*+-.^_`|~09azAZ: y\r\n"),
      spelled("8-bit value", "X: caf\xc3\xa9 \xff\x80\r\n", "X: caf\xc3\xa9 \xff\x80\r\n"),
      spelled("colons in a value", "X: a:b: c\r\n", "X: a:b: c\r\n"),
      spelled("quoted string", "X: \"a, \\\" b\"\r\n", "X: \"a, \\\" b\"\r\n"),
      spelled("two Cookie lines", "Cookie: a=1\r\nCookie: b=2\r\n",
              "Cookie: a=1\r\nCookie: b=2\r\n"),
      spelled("unknown fields", "Foo-Bar: 1\r\nX-Original-URL: /admin\r\n",
              "Foo-Bar: 1\r\nX-Original-URL: /admin\r\n"),
  });
}

TEST_CASE("rule 2: the request line leaves in the proxy's own version and form") {
  const auto line = [](const std::string& name, const std::string& sent,
                       const std::string& arrives) {
    std::string bytes = request("GET /", {});
    bytes.replace(0, bytes.find("\r\n"), sent);
    return Case{.name = name, .client_sends = bytes, .backend_gets = forwarded(arrives)};
  };
  play({
      line("HTTP/1.1", "GET / HTTP/1.1", "GET /"),
      line("a later minor version", "GET / HTTP/1.2", "GET /"),
      line("the last minor version", "GET / HTTP/1.9", "GET /"),
      line("absolute target", "GET http://a/x HTTP/1.1", "GET /x"),
      line("absolute target, scheme in another case", "GET HTTP://a/x HTTP/1.1", "GET /x"),
      line("absolute https target", "GET https://a/x HTTP/1.1", "GET /x"),
      line("absolute target without a path", "GET http://a HTTP/1.1", "GET /"),
      line("absolute target with a query only", "GET http://a?q HTTP/1.1", "GET /?q"),
      line("method in lower case is another method", "get / HTTP/1.1", "get /"),
      line("unknown method", "FROB-1.x /y HTTP/1.1", "FROB-1.x /y"),
      line("query untouched", "GET /?a=%41&b=../..%2f HTTP/1.1", "GET /?a=%41&b=../..%2f"),
      line("dot segments", "GET /a/./b/../c HTTP/1.1", "GET /a/c"),
      line("encoded dot segments", "GET /a/%2e%2E/c HTTP/1.1", "GET /c"),
      line("unreserved escapes", "GET /%7ea%41 HTTP/1.1", "GET /~aA"),
      line("escapes that stay", "GET /%2F%5c%20 HTTP/1.1", "GET /%2F%5c%20"),
      line("double slashes stay", "GET //a//b HTTP/1.1", "GET //a//b"),
      line("star", "OPTIONS * HTTP/1.1", "OPTIONS *"),
      line("star as an absolute target", "OPTIONS http://a HTTP/1.1", "OPTIONS *"),
  });
}

TEST_CASE("rule 2: chunks of a request are encoded anew") {
  const auto recoded = [](const std::string& name, const std::string& sent,
                          const std::string& arrives) {
    return Case{.name = name,
                .client_sends = chunked_request(sent),
                .backend_gets = chunked_forwarded(arrives)};
  };
  const std::string end = "0\r\n\r\n";
  const std::string hello = "5\r\nhello\r\n" + end;
  play({
      recoded("as it is", hello, hello),
      recoded("two chunks in one piece", "2\r\nhe\r\n3\r\nllo\r\n" + end, hello),
      recoded("leading zeros", "0005\r\nhello\r\n0000\r\n\r\n", hello),
      recoded("upper case size", "A\r\n0123456789\r\n" + end, "a\r\n0123456789\r\n" + end),
      recoded("extension", "5;a\r\nhello\r\n" + end, hello),
      recoded("extension with a value", "5;a=b;c=d\r\nhello\r\n" + end, hello),
      recoded("quoted extension", "5;a=\"x;\\\"y\"\r\nhello\r\n" + end, hello),
      recoded("blanks around an extension", "5 ; a = b\r\nhello\r\n" + end, hello),
      recoded("extension on the last chunk", "5\r\nhello\r\n0;a=b\r\n\r\n", hello),
      recoded("nothing", end, end),
      recoded("payload that looks like chunks", "e\r\n0\r\n\r\nGET / HTT\r\n" + end,
              "e\r\n0\r\n\r\nGET / HTT\r\n" + end),
      recoded("trailer", "5\r\nhello\r\n0\r\nX-Sum:  7 \r\n\r\n",
              "5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n"),
      recoded("two trailers, order kept", "0\r\nX-B: 1\r\nX-A: 2\r\n\r\n",
              "0\r\nX-B: 1\r\nX-A: 2\r\n\r\n"),
  });
}

TEST_CASE("rule 2: trailers that would change the message are dropped") {
  const auto dropped = [](const std::string& line) {
    return Case{.name = line,
                .client_sends = chunked_request("0\r\n" + line + "\r\nX-Ok: 1\r\n\r\n"),
                .backend_gets = chunked_forwarded("0\r\nX-Ok: 1\r\n\r\n")};
  };
  play({
      dropped("Content-Length: 5"),
      dropped("Transfer-Encoding: chunked"),
      dropped("Host: evil"),
      dropped("Connection: close"),
      dropped("Trailer: X-Ok"),
      dropped("TE: trailers"),
      dropped("Upgrade: h2c"),
      dropped("Authorization: Basic eA=="),
      dropped("Proxy-Authorization: Basic eA=="),
      dropped("Cookie: admin=1"),
      dropped("Set-Cookie: admin=1"),
      dropped("Content-Type: text/html"),
      dropped("Content-Encoding: gzip"),
      dropped("Content-Range: bytes 0-1/2"),
      dropped("Cache-Control: no-store"),
      dropped("Expect: 100-continue"),
      dropped("Max-Forwards: 0"),
      dropped("Range: bytes=0-1"),
      dropped("If-Match: x"),
      dropped("X-Forwarded-For: 192.0.2.1"),
      dropped("Forwarded: for=192.0.2.1"),
      dropped("X-Ficus-Side: new"),
      dropped("X_Ficus_Side: new"),
      dropped("X-Request-Id: other"),
      dropped("Keep-Alive: 5"),
      dropped("Proxy-Connection: close"),
  });
}

TEST_CASE("rule 2: answers leave in the proxy's own version and with one framing field") {
  const auto rebuilt = [](const std::string& name, const std::string& from_backend,
                          const std::string& to_client) {
    return Case{.name = name, .backend_sends = from_backend, .client_gets = to_client};
  };
  play({
      rebuilt("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
      rebuilt("a later minor version", "HTTP/1.5 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
      rebuilt("no reason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
              "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"),
      rebuilt("no reason and no blank", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
              "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"),
      rebuilt("reason with blanks and 8-bit bytes",
              "HTTP/1.1 200  O K \xc3\xa9\r\nContent-Length: 2\r\n\r\nok",
              "HTTP/1.1 200  O K \xc3\xa9\r\nContent-Length: 2\r\n\r\nok"),
      rebuilt("unknown status", "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok",
              "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok"),
      rebuilt("leading zeros", answer("Content-Length: 0002\r\n", "ok"), ok("ok")),
      rebuilt("blanks", answer("X:y\r\nContent-Length:\t2 \r\n", "ok"),
              answer("X: y\r\nContent-Length: 2\r\n", "ok")),
      rebuilt("chunks",
              answer("Transfer-Encoding: Chunked\r\n", "01;x\r\no\r\n1\r\nk\r\n00\r\n\r\n"),
              answer(kChunked, "2\r\nok\r\n0\r\n\r\n")),
      rebuilt("trailers", answer(kChunked, "2\r\nok\r\n0\r\nX-Sum:1\r\nContent-Length: 9\r\n\r\n"),
              answer(kChunked, "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")),
      rebuilt("repeats and order",
              answer("B: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nA: 2\r\n"
                     "B: 3\r\nContent-Length: 0\r\n"),
              answer("B: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nA: 2\r\n"
                     "B: 3\r\nContent-Length: 0\r\n")),
      rebuilt("a body of nothing in chunks", answer(kChunked, "0\r\n\r\n"),
              answer(kChunked, "0\r\n\r\n")),
  });
}

TEST_CASE("rule 2: a request cut into any two segments arrives as the same bytes") {
  const std::string fields = "X:  y \r\nContent-Length: 005\r\n";
  const std::string sent = request("POST /a/../b?c", fields, "hello") + request("GET /next");
  const std::string arrives =
      forwarded("POST /b?c", "X: y\r\nContent-Length: 5\r\n", "hello") + forwarded("GET /next");
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (std::size_t cut = 1; cut < sent.size(); ++cut) {
    client.send(std::string_view(sent).substr(0, cut));
    client.send(std::string_view(sent).substr(cut));
    REQUIRE(client.read_bytes(2 * ok("ok").size()) == ok("ok") + ok("ok"));
    REQUIRE(backend.received().ends_with(arrives));
  }
  CHECK(backend.received().size() == (sent.size() - 1) * arrives.size());
  CHECK(backend.connections() == 1);
}

TEST_CASE("rule 2: an answer cut into any two segments arrives as the same message") {
  const std::string whole =
      answer("X:y\r\nTransfer-Encoding: chunked\r\n", "3;e\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n");
  Script script;
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    script.push_back(read_request());
    script.push_back(send(whole.substr(0, cut)));
    script.push_back(send(whole.substr(cut)));
  }
  script.push_back(read_to_end());
  ScriptedBackend backend(script);
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const HttpMessage message = client.exchange(request("GET /"));
    REQUIRE(message.body == "abcde");
    REQUIRE(message.header("X") == "y");
    REQUIRE(message.trailers.size() == 1);
  }
  CHECK(backend.connections() == 1);
}
