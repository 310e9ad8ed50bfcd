#include "tests/support/http_message.h"

#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("a response is taken once its last byte is there, and not before") {
  const std::string text = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                    "chunked\r\n\r\n2;x=1\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
                                    "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc");
  const HttpReader reader(MessageKind::response);
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    std::string part = text.substr(0, cut);
    CHECK_FALSE(reader.take(part));
    CHECK(part.size() == cut);
  }
  std::string whole = text + "HTTP/1.1 204";
  const auto message = reader.take(whole);
  REQUIRE(message);
  CHECK(message->status() == 200);
  CHECK(message->body == "abc");
  CHECK(message->raw == text);
  CHECK(message->complete);
  CHECK(whole == "HTTP/1.1 204");
}

TEST_CASE("trailers of a chunked body are kept apart from the headers") {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n";
  const auto message = HttpReader(MessageKind::response).take(text);
  REQUIRE(message);
  CHECK_FALSE(message->header("Digest"));
  REQUIRE(message->trailers.size() == 1);
  CHECK(message->trailers[0].second == "x");
}

TEST_CASE("a body that the end of the connection frames is complete only there") {
  std::string text = "HTTP/1.0 200 OK\r\n\r\nall of it";
  const HttpReader reader(MessageKind::response);
  CHECK_FALSE(reader.take(text));
  const HttpMessage message = reader.take_at_end(text);
  CHECK(message.complete);
  CHECK(message.body == "all of it");
}

TEST_CASE("a body cut by the end of the connection is not complete") {
  std::string text = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  const HttpMessage message = HttpReader(MessageKind::response).take_at_end(text);
  CHECK_FALSE(message.complete);
  CHECK(message.body == "abc");
}

TEST_CASE("responses without a body end with their head") {
  const HttpReader reader(MessageKind::response);
  std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n";
  CHECK(reader.take(interim)->status() == 103);
  CHECK(interim == "HTTP/1.1 200 OK\r\n");
  std::string unchanged = "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n";
  CHECK(reader.take(unchanged)->status() == 304);
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
  CHECK(HttpReader(MessageKind::response_to_head).take(head)->complete);
}

TEST_CASE("a request is taken apart into method, target and fields") {
  std::string text =
      "POST /a?b HTTP/1.1\r\nhost: x\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 1\r\n\r\n!";
  const auto message = HttpReader(MessageKind::request).take(text);
  REQUIRE(message);
  CHECK(message->method() == "POST");
  CHECK(message->target() == "/a?b");
  CHECK(message->header("Host") == "x");
  CHECK(message->all("X-TWO") == std::vector<std::string>{"1", "2"});
  CHECK(message->body == "!");
  CHECK(message->status() == 0);
}
