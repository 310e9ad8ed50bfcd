// Rule 1: a framing fault ends the connection. RFC 9112 §6.1 to §6.3, §9.3; RFC 9110 §8.6.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

namespace {

std::string length(std::string_view value) {
  return post("Content-Length: " + std::string(value) + "\r\n", "hello");
}

std::string coding(std::string_view value) {
  return post("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n");
}

}  // namespace

TEST_CASE("rule 1: a length that is not exactly one decimal number ends the connection") {
  refuse({
      {"plus sign", length("+5")},
      {"minus sign", length("-5")},
      {"minus zero", length("-0")},
      {"hexadecimal", length("0x5")},
      {"hexadecimal digits", length("5f")},
      {"octal mark", length("0o5")},
      {"binary", length("0b101")},
      {"separator", length("1_0")},
      {"fraction", length("5.0")},
      {"exponent", length("5e0")},
      {"quoted", length("\"5\"")},
      {"empty", post("Content-Length:\r\n", "hello")},
      {"blanks only", post("Content-Length: \t \r\n", "hello")},
      {"list of equals", length("5, 5")},
      {"list without blank", length("5,5")},
      {"list of different ones", length("5, 6")},
      {"list with an empty end", length("5,")},
      {"list with an empty begin", length(",5")},
      {"semicolon", length("5;x")},
      {"inner blank", length("5 5")},
      {"inner tab", length("5\t5")},
      {"letter behind", length("5a")},
      {"word", length("five")},
      {"infinity", length("inf")},
      {"full-width digit", length("\xef\xbc\x95")},
      {"arabic digit", length("\xd9\xa5")},
      {"no-break space", length("\xa0"
                                "5")},
      {"vertical tab", length("\x0b"
                              "5")},
      {"form feed", length("5\x0c")},
      {"NUL", length("5\0"s)},
  });
}

TEST_CASE("rule 1: a length that overflows ends the connection") {
  refuse({
      {"63 bits", length("9223372036854775808")},
      {"64 bits less one", length("18446744073709551615")},
      {"64 bits", length("18446744073709551616")},
      {"wraps to 5 in 64 bits", length("18446744073709551621")},
      {"wraps to 5 in 128 bits", length("340282366920938463463374607431768211461")},
      {"a thousand digits", length(std::string(1000, '9'))},
  });
}

TEST_CASE("rule 1: two lengths end the connection, equal ones too") {
  refuse({
      {"equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
      {"different", post("Content-Length: 5\r\nContent-Length: 0\r\n", "hello")},
      {"zero first", post("Content-Length: 0\r\nContent-Length: 5\r\n", "hello")},
      {"other case", post("Content-Length: 5\r\ncontent-length: 5\r\n", "hello")},
      {"one of them empty", post("Content-Length: 5\r\nContent-Length:\r\n", "hello")},
      {"others between", post("Content-Length: 5\r\nX: y\r\nContent-Length: 6\r\n", "hello")},
      {"on GET", get_with("Content-Length: 0\r\nContent-Length: 0\r\n")},
      {"in HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
      {"equal but for a zero", post("Content-Length: 5\r\nContent-Length: 05\r\n", "hello")},
  });
}

TEST_CASE("rule 1: a transfer coding that is not exactly one chunked ends the connection") {
  refuse({
      {"empty", post("Transfer-Encoding:\r\n", "0\r\n\r\n")},
      {"identity", coding("identity")},
      {"chunked twice", coding("chunked, chunked")},
      {"chunked, identity", coding("chunked, identity")},
      {"identity, chunked", coding("identity, chunked")},
      {"chunked not last", coding("chunked, gzip")},
      {"gzip before", coding("gzip, chunked"), 501},
      {"gzip alone", coding("gzip"), 501},
      {"deflate", coding("deflate"), 501},
      {"compress", coding("compress, chunked"), 501},
      {"unknown", coding("xchunked"), 501},
      {"cut word", coding("chunke"), 501},
      {"cow", coding("cow"), 501},
      {"parameter", coding("chunked;q=1")},
      {"parameter after a blank", coding("chunked ; a=b")},
      {"quoted", coding("\"chunked\"")},
      {"single quotes", coding("'chunked'"), 501},
      {"empty member", coding("chunked,")},
      {"empty first member", coding(",chunked")},
      {"two words", coding("chunked foo")},
      {"colon", coding(": chunked")},
      {"brackets", coding("[chunked]")},
      {"vertical tab before", coding("\x0b"
                                     "chunked")},
      {"form feed after", coding("chunked\x0c")},
      {"NUL after", coding("chunked\0"s)},
      {"backspace before", coding("\x08"
                                  "chunked")},
      {"DEL before", coding("\x7f"
                            "chunked")},
      {"no-break space before", coding("\xa0"
                                       "chunked")},
      {"8-bit letter", coding("chunk\xc3\xa9"
                              "d")},
      {"long s", coding("chunked\xc5\xbf")},
  });
}

TEST_CASE("rule 1: the right spellings of a length and a coding pass") {
  const std::string five = "Content-Length: 5\r\n";
  play({
      {.name = "blanks around the length",
       .client_sends = request("POST /", "Content-Length: \t 5 \t\r\n", "hello"),
       .backend_gets = forwarded("POST /", five, "hello")},
      {.name = "no blank",
       .client_sends = request("POST /", "Content-Length:5\r\n", "hello"),
       .backend_gets = forwarded("POST /", five, "hello")},
      {.name = "leading zeros",
       .client_sends = request("POST /", "Content-Length: 0000000000000000000000005\r\n", "hello"),
       .backend_gets = forwarded("POST /", five, "hello")},
      {.name = "name in another case",
       .client_sends = request("POST /", "cOnTeNt-LeNgTh: 5\r\n", "hello"),
       .backend_gets = forwarded("POST /", "cOnTeNt-LeNgTh: 5\r\n", "hello")},
      {.name = "coding in another case",
       .client_sends = request("POST /", "TRANSFER-ENCODING:\tChUnKeD \r\n", "0\r\n\r\n"),
       .backend_gets = forwarded("POST /", "TRANSFER-ENCODING: chunked\r\n", "0\r\n\r\n")},
      {.name = "length of nothing",
       .client_sends = request("POST /", "Content-Length: 0\r\n"),
       .backend_gets = forwarded("POST /", "Content-Length: 0\r\n")},
      {.name = "no length: no body",
       .client_sends = request("POST /"),
       .backend_gets = forwarded("POST /")},
  });
}

TEST_CASE("rule 1: a fault in the middle of a pipeline answers what came before it, then ends") {
  const std::string bad = post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n");
  const std::string two = ok("ok") + ok("ok");
  play({
      {.name = "fault second",
       .client_sends = request("GET /1") + bad + kSmuggled,
       .backend_gets = forwarded("GET /1"),
       .status = 400,
       .then = Then::closed},
      {.name = "fault third, after bodies",
       .client_sends = request("POST /1", "Content-Length: 5\r\n", "hello") +
                       request("POST /2", kChunked, "0\r\n\r\n") + bad + kSmuggled,
       .backend_gets = forwarded("POST /1", "Content-Length: 5\r\n", "hello") +
                       forwarded("POST /2", kChunked, "0\r\n\r\n"),
       .client_gets = two,
       .status = 400,
       .then = Then::closed},
      {.name = "a body that is too long makes the next method another one",
       .client_sends = request("POST /", "Content-Length: 4\r\n", "hello") + request("GET /next"),
       .backend_gets =
           forwarded("POST /", "Content-Length: 4\r\n", "hell") + forwarded("oGET /next"),
       .client_gets = two},
      {.name = "blank lines between requests",
       .client_sends = request("GET /1") + "\r\n\r\n" + request("GET /2"),
       .backend_gets = forwarded("GET /1") + forwarded("GET /2"),
       .client_gets = two},
      {.name = "too many blank lines between requests",
       .client_sends = request("GET /1") + "\r\n\r\n\r\n\r\n\r\n" + request("GET /2"),
       .backend_gets = forwarded("GET /1"),
       .status = 400,
       .then = Then::closed},
      {.name = "a control byte between requests",
       .client_sends = request("GET /1") + "\x01" + request("GET /2"),
       .backend_gets = forwarded("GET /1"),
       .status = 400,
       .then = Then::closed},
  });
}
