// Rule 4: answers are judged as strictly as requests: 502 rather than a guess. RFC 9112 §4, §6.3,
// §2.2; RFC 9110 §8.6, §15.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

namespace {

std::string status_line(const std::string& line) { return line + "\r\nContent-Length: 0\r\n\r\n"; }

}  // namespace

TEST_CASE("rule 4: a status line that is none is a bad gateway") {
  reject({
      {"HTTP/0.9", "<html>hello</html>\r\n"},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"ICY", status_line("ICY 200 OK")},
      {"HTTP/2", status_line("HTTP/2 200 OK")},
      {"HTTP/2.0", status_line("HTTP/2.0 200 OK")},
      {"HTTP/0.9 named", status_line("HTTP/0.9 200 OK")},
      {"HTTP/1", status_line("HTTP/1 200 OK")},
      {"HTTP/01.1", status_line("HTTP/01.1 200 OK")},
      {"HTTP/1.10", status_line("HTTP/1.10 200 OK")},
      {"HTTP/1.x", status_line("HTTP/1.x 200 OK")},
      {"lower case", status_line("http/1.1 200 OK")},
      {"two digits", status_line("HTTP/1.1 20 OK")},
      {"four digits", status_line("HTTP/1.1 2000 OK")},
      {"sign", status_line("HTTP/1.1 +20 OK")},
      {"minus", status_line("HTTP/1.1 -20 OK")},
      {"hexadecimal", status_line("HTTP/1.1 0xC OK")},
      {"below 100", status_line("HTTP/1.1 099 OK")},
      {"000", status_line("HTTP/1.1 000 OK")},
      {"above 599", status_line("HTTP/1.1 600 OK")},
      {"999", status_line("HTTP/1.1 999 OK")},
      {"letters", status_line("HTTP/1.1 abc OK")},
      {"no status", status_line("HTTP/1.1 OK")},
      {"two blanks", status_line("HTTP/1.1  200 OK")},
      {"tab", status_line("HTTP/1.1\t200 OK")},
      {"letter behind the status", status_line("HTTP/1.1 200OK")},
      {"dash behind the status", status_line("HTTP/1.1 200-OK")},
      {"blank before", status_line(" HTTP/1.1 200 OK")},
      {"blank line before", "\r\n" + status_line("HTTP/1.1 200 OK")},
      {"byte order mark before", status_line("\xef\xbb\xbfHTTP/1.1 200 OK")},
      {"control in the reason", status_line("HTTP/1.1 200 O\x01K")},
      {"NUL in the reason", status_line("HTTP/1.1 200 O\0K"s)},
      {"CR in the reason", status_line("HTTP/1.1 200 O\rK")},
      {"LF behind the reason", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"},
      {"a request", request("GET /")},
  });
}

TEST_CASE("rule 4: field lines that are in doubt are a bad gateway") {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  const std::string zero = "Content-Length: 0\r\n";
  reject({
      {"blank before the colon", answer("X : y\r\n" + zero)},
      {"tab before the colon", answer("X\t: y\r\n" + zero)},
      {"blank before the first name", answer(" X: y\r\n" + zero)},
      {"folded line", answer("X: y\r\n z\r\n" + zero)},
      {"folded length", answer("X: y\r\n Content-Length: 5\r\n" + zero)},
      {"no colon", answer("X\r\n" + zero)},
      {"empty name", answer(": y\r\n" + zero)},
      {"control in a name", answer("X\x01: y\r\n" + zero)},
      {"bracket in a name", answer("X(a): y\r\n" + zero)},
      {"8-bit byte in a name", answer("X\xc3\xa9: y\r\n" + zero)},
      {"control in a value", answer("X: a\x02"
                                    "b\r\n" +
                                    zero)},
      {"NUL in a value", answer("X: a\0b\r\n"s + zero)},
      {"DEL in a value", answer("X: a\x7f\r\n" + zero)},
      {"CR in a value", answer("X: a\rb\r\n" + zero)},
      {"CR at the end of a value", answer("X: a\r\r\n" + zero)},
      {"LF ends a line", answer("X: y\n" + zero)},
      {"LF ends the head", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"},
      {"only LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
      {"too many fields", answer(many + zero)},
      {"too long a field", answer("X: " + std::string(40'000, 'a') + "\r\n" + zero)},
      {"a connection option that is no token", answer("Connection: a b\r\n" + zero)},
  });
}

TEST_CASE("rule 4: a length of an answer that is in doubt is a bad gateway") {
  const auto length = [](const std::string& value) {
    return answer("Content-Length: " + value + "\r\n", "hello");
  };
  reject({
      {"two different", answer("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")},
      {"two equal", answer("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
      {"list", length("5, 5")},
      {"empty", answer("Content-Length:\r\n", "hello")},
      {"plus sign", length("+5")},
      {"minus sign", length("-5")},
      {"hexadecimal", length("0x5")},
      {"letters behind", length("5 bytes")},
      {"fraction", length("5.0")},
      {"63 bits", length("9223372036854775808")},
      {"wraps to 5", length("18446744073709551621")},
      {"length and coding", answer("Content-Length: 5\r\n" + kChunked, "0\r\n\r\n")},
      {"coding and length", answer(kChunked + "Content-Length: 5\r\n", "0\r\n\r\n")},
      {"two codings", answer(kChunked + kChunked, "0\r\n\r\n")},
      {"chunked twice", answer("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
      {"gzip, chunked", answer("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
      {"chunked, gzip", answer("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
      {"gzip", answer("Transfer-Encoding: gzip\r\n", "hello")},
      {"identity", answer("Transfer-Encoding: identity\r\n", "hello")},
      {"unknown coding", answer("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
      {"empty coding", answer("Transfer-Encoding:\r\n", "hello")},
      {"coding with a parameter", answer("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n")},
      {"vertical tab", answer("Transfer-Encoding: \x0b"
                              "chunked\r\n",
                              "0\r\n\r\n")},
      {"coding in HTTP/1.0", "HTTP/1.0 200 OK\r\n" + kChunked + "\r\n0\r\n\r\n"},
      {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"},
      {"204 with a coding", "HTTP/1.1 204 No Content\r\n" + kChunked + "\r\n0\r\n\r\n"},
      {"1xx with a length", "HTTP/1.1 103 Early\r\nContent-Length: 5\r\n\r\nhello" + ok("ok")},
      {"1xx with a coding", "HTTP/1.1 100 Continue\r\n" + kChunked + "\r\n0\r\n\r\n" + ok("ok")},
      {"304 with two lengths",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
      {"HEAD with two lengths", answer("Content-Length: 1\r\nContent-Length: 2\r\n"),
       request("HEAD /")},
      {"HEAD with length and coding", answer("Content-Length: 1\r\n" + kChunked),
       request("HEAD /")},
  });
}

TEST_CASE("rule 4: a malformed chunk of an answer ends the client's connection") {
  const auto broken = [](const std::string& name, const std::string& body) {
    return Case{.name = name,
                .backend_sends = answer(kChunked, "2\r\nok\r\n" + body),
                .client_gets = answer(kChunked, "2\r\nok\r\n"),
                .then = Then::closed};
  };
  play({
      broken("no number", "x\r\nhello\r\n0\r\n\r\n"),
      broken("0x", "0x5\r\nhello\r\n0\r\n\r\n"),
      broken("sign", "+5\r\nhello\r\n0\r\n\r\n"),
      broken("minus", "-5\r\nhello\r\n0\r\n\r\n"),
      broken("blank before", " 5\r\nhello\r\n0\r\n\r\n"),
      broken("empty size", "\r\nhello\r\n0\r\n\r\n"),
      broken("LF behind the size", "5\nhello\r\n0\r\n\r\n"),
      broken("overflow", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
      broken("sign bit", "8000000000000000\r\nhello\r\n0\r\n\r\n"),
      broken("bad extension", "5;=\r\nhello\r\n0\r\n\r\n"),
      broken("trailer without a colon", "0\r\nX\r\n\r\n"),
      broken("trailer with a blank before its colon", "0\r\nX : y\r\n\r\n"),
      broken("folded trailer", "0\r\nX: y\r\n z\r\n\r\n"),
      broken("LF in the trailers", "0\r\nX: y\n\r\n"),
      broken("LF ends the trailers", "0\r\n\n"),
  });
}
