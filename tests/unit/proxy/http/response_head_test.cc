#include "proxy/http/response_head.h"

#include <string>
#include <vector>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using namespace std::string_literals;

TEST_CASE("a usual response head is read as written") {
  const std::string text =
      "HTTP/1.1 404 Not  Found\r\nServer: legacy\r\nContent-Type: text/html\r\nContent-Length: "
      "12\r\n"
      "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n";
  const ParsedResponse parsed(text + "Hello");
  REQUIRE(parsed.complete());
  const ResponseHead& head = parsed.head;
  CHECK(head.size == text.size());
  CHECK(head.status == 404);
  CHECK(head.reason() == "Not  Found");
  CHECK(head.minor_version == 1);
  CHECK(head.framing == Framing::length);
  CHECK(head.content_length == 12);
  CHECK(head.keep_alive);
  CHECK(head.fields.size() == 5);
  CHECK(head.value(HeaderId::set_cookie) == "a=b");
  CHECK(head.value(*head.find("content-type")) == "text/html");
}

TEST_CASE("a response head cut at any byte is incomplete, then read as if never cut") {
  const std::vector<std::string> inputs{
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n",
      "HTTP/1.0 200\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n",
  };
  for (const std::string& input : inputs) {
    for (std::size_t cut = 0; cut < input.size(); ++cut) {
      CAPTURE(input, cut);
      const ParsedResponse parsed(std::string_view(input).substr(0, cut));
      REQUIRE(parsed.outcome.status == ParseStatus::incomplete);
    }
    const ParsedResponse whole(input);
    CAPTURE(input, whole.detail());
    REQUIRE(whole.complete());
    CHECK(whole.head.size == input.size());
  }
}

struct Framed {
  std::string response;
  Method method;
  Framing framing;
  bool keep_alive;
};

TEST_CASE("a response's end is known by RFC 9112 section 6.3") {
  const std::vector<Framed> table{
      {response_with("Content-Length: 5\r\n"), Method::get, Framing::length, true},
      {response_with("Content-Length: 0\r\n"), Method::get, Framing::none, true},
      {response_with("Content-Length: 5\r\n"), Method::head, Framing::none, true},
      {response_with("Transfer-Encoding: chunked\r\n"), Method::get, Framing::chunked, true},
      {response_with("Transfer-Encoding: CHUNKED\r\n"), Method::get, Framing::chunked, true},
      {response_with("Transfer-Encoding: chunked\r\n"), Method::head, Framing::none, true},
      {response_with(""), Method::get, Framing::until_close, false},
      {response_with(""), Method::head, Framing::none, true},
      {response_with("Connection: close\r\nContent-Length: 5\r\n"), Method::get, Framing::length,
       false},
      {"HTTP/1.1 204 No Content\r\n\r\n", Method::get, Framing::none, true},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", Method::get, Framing::none, true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n", Method::get, Framing::none, true},
      {"HTTP/1.1 100 Continue\r\n\r\n", Method::post, Framing::none, true},
      {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", Method::get, Framing::none, true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Method::get, Framing::length, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", Method::get,
       Framing::length, true},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", Method::get, Framing::until_close,
       false},
      {"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", Method::get, Framing::none, false},
  };
  for (const Framed& row : table) {
    const ParsedResponse parsed(row.response, row.method);
    CAPTURE(row.response, parsed.detail());
    REQUIRE(parsed.complete());
    CHECK(parsed.head.framing == row.framing);
    CHECK(parsed.head.keep_alive == row.keep_alive);
  }
}

TEST_CASE("interim responses are told from final ones and from a change of protocol") {
  CHECK(ParsedResponse("HTTP/1.1 100 Continue\r\n\r\n").head.interim());
  const ParsedResponse switching("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n");
  CHECK_FALSE(switching.head.interim());
  CHECK(switching.head.upgrade);
  CHECK_FALSE(ParsedResponse(response_with("")).head.interim());
}

TEST_CASE("a malformed response is refused, never guessed at") {
  const std::vector<std::string> table{
      "ICY 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      "<html>",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      " HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/0.9 200 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 +20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 200\tOK\r\n\r\n",
      "HTTP/1.1 200-OK\r\n\r\n",
      "HTTP/1.1 200 OK\n\r\n",
      "HTTP/1.1 200 O\x00K\r\n\r\n"s,
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "HTTP/1.1 200 O\x1bK\r\n\r\n",
      response_with("Content-Length: 5\r\nContent-Length: 5\r\n"),
      response_with("Content-Length: 5, 5\r\n"),
      response_with("Content-Length: -1\r\n"),
      response_with("Content-Length:\r\n"),
      response_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      response_with("Transfer-Encoding: gzip, chunked\r\n"),
      response_with("Transfer-Encoding: identity\r\n"),
      response_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      response_with("Name : x\r\n"),
      response_with("X: y\r\n folded\r\n"),
      response_with("X: a\x01\r\n"),
      response_with("X: y\nY: z\r\n"),
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
  };
  for (const std::string& response : table) {
    const ParsedResponse parsed(response);
    CAPTURE(response, parsed.detail());
    REQUIRE(parsed.outcome.status == ParseStatus::fault);
    CHECK(parsed.outcome.fault.status == 502);
    CHECK(parsed.outcome.fault.kind == ErrorKind::malformed_response);
    CHECK_FALSE(parsed.detail().empty());
    for (std::size_t cut = 0; cut < response.size(); ++cut) {
      REQUIRE(ParsedResponse(std::string_view(response).substr(0, cut)).outcome.status !=
              ParseStatus::complete);
    }
  }
}

TEST_CASE("nothing at all is an incomplete head") {
  RequestHead request;
  ResponseHead response;
  CHECK(parse_request_head({}, {}, request).status == ParseStatus::incomplete);
  CHECK(parse_response_head({}, {}, Method::get, response).status == ParseStatus::incomplete);
}

TEST_CASE("a response head beyond its limits is malformed") {
  HeadLimits limits;
  limits.max_fields = 1;
  CHECK(ParsedResponse(response_with("A: 1\r\n"), Method::get, limits).complete());
  CHECK(ParsedResponse(response_with("A: 1\r\nB: 2\r\n"), Method::get, limits).detail() ==
        "too many header fields");
  limits = HeadLimits();
  limits.max_head_bytes = 20;
  CHECK(ParsedResponse(response_with("A: 1\r\n"), Method::get, limits).detail() ==
        "head too large");
}

}  // namespace
}  // namespace ficus::proxy::http
