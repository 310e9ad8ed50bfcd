// What RFC 9110 asks of an intermediary beyond the ten rules: methods, statuses, Max-Forwards,
// Date.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("semantics: every method passes with and without a body") {
  const auto passes = [](const std::string& method, const std::string& fields,
                         const std::string& body) {
    return Case{.name = method + (body.empty() ? "" : " with a body"),
                .client_sends = request(method, fields, body),
                .backend_gets = forwarded(method, fields, body)};
  };
  std::vector<Case> cases;
  for (const char* method : {"GET /", "POST /", "PUT /", "PATCH /", "DELETE /", "OPTIONS /",
                             "TRACE /", "PROPFIND /", "QUERY /", "M-SEARCH /", "x /"}) {
    cases.push_back(passes(method, "", ""));
    cases.push_back(passes(method, "Content-Length: 5\r\n", "hello"));
  }
  play(cases);
}

TEST_CASE("semantics: every final status passes as it is") {
  std::vector<Case> cases;
  for (const int status :
       {200, 201, 202, 203, 205, 206, 207, 226, 300, 301, 302, 303, 305, 307, 308, 400, 401,
        402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
        421, 422, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599}) {
    const std::string bytes =
        "HTTP/1.1 " + std::to_string(status) + " Text\r\nContent-Length: 2\r\n\r\nok";
    cases.push_back({.name = std::to_string(status), .backend_sends = bytes, .client_gets = bytes});
  }
  play(cases);
}

TEST_CASE("semantics: Max-Forwards counts OPTIONS and TRACE, and nothing else (RFC 9110 §7.6.2)") {
  const auto counted = [](const std::string& name, const std::string& method,
                          const std::string& value, const std::string& arrives) {
    return Case{.name = name,
                .client_sends = request(method, "Max-Forwards: " + value + "\r\nX: y\r\n"),
                .backend_gets = forwarded(method, "Max-Forwards: " + arrives + "\r\nX: y\r\n")};
  };
  play({
      counted("OPTIONS", "OPTIONS /", "5", "4"),
      counted("OPTIONS *", "OPTIONS *", "1", "0"),
      counted("TRACE", "TRACE /", "10", "9"),
      counted("leading zeros", "TRACE /", "010", "9"),
      counted("GET", "GET /", "0", "0"),
      counted("POST", "POST /", "3", "3"),
      counted("a value that is none", "OPTIONS /", "x", "x"),
      counted("a value too large", "OPTIONS /", "99999999999999999999", "9223372036854775806"),
  });
}

TEST_CASE("semantics: a request that may go no further is answered here (RFC 9110 §7.6.2)") {
  const std::string method = GENERATE("OPTIONS /", "OPTIONS *", "TRACE /");
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request(method, "Max-Forwards: 0\r\nCookie: secret\r\n") + request("GET /next"));
  const HttpMessage message = client.read_response();
  if (method == "TRACE /") {
    CHECK(message.status() == 501);
  } else {
    CHECK(message.status() == 200);
    CHECK(message.header("Content-Length") == "0");
  }
  CHECK(message.all("Date").size() == 1);
  CHECK(message.raw.find("secret") == std::string::npos);
  CHECK(client.read_response().raw == ok("ok"));
  CHECK(backend.received() == forwarded("GET /next"));
}

TEST_CASE("semantics: answers to HEAD have no body, whoever gives them") {
  play({
      {.name = "error of the backend",
       .client_sends = request("HEAD /"),
       .backend_gets = forwarded("HEAD /"),
       .backend_sends = "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n",
       .client_gets = "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n"},
      {.name = "bad gateway",
       .client_sends = request("HEAD /"),
       .backend_gets = forwarded("HEAD /"),
       .script = {read_request(), send("nonsense\r\n\r\n"), read_to_end()},
       .client_gets = "",
       .status = 502},
  });
}

TEST_CASE("semantics: a refusal of HEAD has no body either (RFC 9110 §9.3.2)") {
  refuse({
      {"no Host", "HEAD / HTTP/1.1\r\n\r\n"},
      {"later version", "HEAD / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"bad target", "HEAD /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"long target", "HEAD /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"two lengths",
       "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"},
      {"unknown coding", "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", 501},
      {"bare LF", "HEAD / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
  });
}

TEST_CASE("semantics: the proxy's own answers are dated (RFC 9110 §6.6.1)") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  const HttpMessage message = fetch(ficus.port(), "GET / HTTP/1.1\r\n\r\n");
  const std::string date = message.header("Date").value_or("");
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  REQUIRE(date.size() == 29);
  CHECK(date.substr(3, 2) == ", ");
  CHECK(date.substr(25) == " GMT");
  CHECK(date[19] == ':');
}
