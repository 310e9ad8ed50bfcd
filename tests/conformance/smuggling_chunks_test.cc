// Smuggling by tricks in chunks. RFC 9112 §7.1: only CRLF ends a line, sizes are digits.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

TEST_CASE("smuggling, chunks: a size that is not hexadecimal digits and CRLF ends the request") {
  const std::string rest = "\r\nhello\r\n0\r\n\r\n";
  break_off({
      {"0x", "0x5" + rest},
      {"0X", "0X5" + rest},
      {"hash", "#5" + rest},
      {"plus sign", "+5" + rest},
      {"minus sign", "-5" + rest},
      {"minus zero", "-0\r\n\r\n"},
      {"separator", "0_5" + rest},
      {"letter behind", "5g" + rest},
      {"letter before", "g5" + rest},
      {"h for hexadecimal", "5h" + rest},
      {"fraction", "5.0" + rest},
      {"comma", "5,5" + rest},
      {"quoted", "\"5\"" + rest},
      {"empty", rest},
      {"empty with an extension", ";a" + rest},
      {"blank before", " 5" + rest},
      {"tab before", "\t5" + rest},
      {"blank behind", "5 " + rest},
      {"tab behind", "5\t" + rest},
      {"blank within", "1 0" + rest},
      {"two words", "5 hello" + rest},
      {"vertical tab behind", "5\x0b" + rest},
      {"form feed before",
       "\x0c"
       "5" +
           rest},
      {"NUL before", "\0"s + "5" + rest},
      {"NUL behind", "5\0"s + rest},
      {"CR behind", "5\r" + rest},
      {"8-bit digit", "\xef\xbc\x95" + rest},
      {"blank line before", "\r\n5" + rest},
      {"LF before", "\n5" + rest},
  });
}

TEST_CASE("smuggling, chunks: a size that overflows ends the request") {
  const std::string rest = "\r\nhello\r\n0\r\n\r\n";
  break_off({
      {"32 bits and 5", "100000005g" + rest},
      {"64 bits and 5", "10000000000000005" + rest},
      {"64 bits less one", "ffffffffffffffff" + rest},
      {"sign bit", "8000000000000000" + rest},
      {"17 zeros and a digit", "000000000000000005" + rest},
      {"a thousand zeros", std::string(1000, '0') + rest},
      {"128 bits and 5", "100000000000000000000000000000005" + rest},
  });
}

TEST_CASE("smuggling, chunks: a line of a chunk that does not end in CRLF ends the request") {
  break_off({
      {"LF behind the size", "5\nhello\r\n0\r\n\r\n"},
      {"LF behind the payload", "5\r\nhello\n0\r\n\r\n"},
      {"nothing behind the payload", "5\r\nhello0\r\n\r\n"},
      {"CR behind the payload", "5\r\nhello\r0\r\n\r\n"},
      {"two bytes that are none", "5\r\nhelloxx0\r\n\r\n"},
      {"CR and another byte", "5\r\nhello\rx0\r\n\r\n"},
      {"payload longer than its size", "5\r\nhello!\r\n0\r\n\r\n"},
      {"payload much longer", "5\r\nhello world\r\n0\r\n\r\n"},
      {"payload shorter than its size", "8\r\nhello\r\n0\r\n\r\n"},
      {"CR behind the size", "5\rhello\r\n0\r\n\r\n"},
      {"LF CR behind the size", "5\n\rhello\r\n0\r\n\r\n"},
      {"LF behind the last size", "0\n\r\n"},
      {"only LF at the end", "0\n\n"},
      {"LF instead of the last line", "0\r\n\n"},
      {"CR instead of the last line", "0\r\n\rX"},
      {"CR CR LF", "5\r\r\nhello\r\n0\r\n\r\n"},
      {"a request instead of the last line", "0\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a size instead of the last line", "0\r\n0\r\n\r\n"},
      {"two line ends behind the payload", "5\r\nhello\r\n\r\n0\r\n\r\n"},
  });
}

TEST_CASE("smuggling, chunks: an extension that is malformed ends the request") {
  const std::string rest = "\r\nhello\r\n0\r\n\r\n";
  break_off({
      {"nothing behind the semicolon", "5;" + rest},
      {"blank behind the semicolon", "5; " + rest},
      {"two semicolons", "5;;a" + rest},
      {"no name", "5;=a" + rest},
      {"no value", "5;a=" + rest},
      {"two values", "5;a=b=c" + rest},
      {"two words", "5;a b" + rest},
      {"value of two words", "5;a=b c" + rest},
      {"blank at the end", "5;a " + rest},
      {"LF in a name", "5;a\nb" + rest},
      {"LF in a value", "5;a=b\nc" + rest},
      {"LF in a quoted value", "5;a=\"b\nc\"" + rest},
      {"escaped LF in a quoted value", "5;a=\"b\\\nc\"" + rest},
      {"CR in a name", "5;a\rb" + rest},
      {"CR in a quoted value", "5;a=\"b\rc\"" + rest},
      {"CRLF in a quoted value", "5;a=\"b\r\nc\"" + rest},
      {"NUL", "5;a\0"s + rest},
      {"quote that is not closed", "5;a=\"b" + rest},
      {"quoted name", "5;\"a\"" + rest},
      {"text behind a quote", "5;a=\"b\"c" + rest},
      {"control", "5;a=\x01" + rest},
      {"8-bit byte in a name", "5;\xc3\xa9" + rest},
      {"comma", "5;a,b" + rest},
      {"LF at once", "5;\n" + rest},
      {"of the last chunk", "0;\r\n\r\n"},
      {"LF in one of the last chunk", "0;a\n\r\n\r\n"},
      {"a chunk hidden behind LF", "5;\nhello\r\n2d" + rest},
  });
}

TEST_CASE("smuggling, chunks: extensions without an end are refused") {
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += "1;abcdefghij\r\nx\r\n";
  break_off({
      {"one long name", "5;" + std::string(100'000, 'a') + "\r\nhello\r\n0\r\n\r\n"},
      {"one long value", "5;a=" + std::string(100'000, 'a') + "\r\nhello\r\n0\r\n\r\n"},
      {"many of them", "5" +
                           [] {
                             std::string all;
                             for (int i = 0; i < 50'000; ++i) all += ";a";
                             return all;
                           }() +
                           "\r\nhello\r\n0\r\n\r\n"},
      {"more of them than payload", many + "0\r\n\r\n"},
  });
}

TEST_CASE("smuggling, chunks: a trailer section that is malformed ends the request") {
  break_off({
      {"no colon", "0\r\nX\r\n\r\n"},
      {"blank before the colon", "0\r\nX : y\r\n\r\n"},
      {"tab before the colon", "0\r\nX\t: y\r\n\r\n"},
      {"blank before the name", "0\r\n X: y\r\n\r\n"},
      {"folded line", "0\r\nX: y\r\n z\r\n\r\n"},
      {"empty name", "0\r\n: y\r\n\r\n"},
      {"LF ends a line", "0\r\nX: y\n\r\n"},
      {"LF ends the section", "0\r\nX: y\r\n\n"},
      {"CR in a value", "0\r\nX: a\rb\r\n\r\n"},
      {"NUL in a value", "0\r\nX: a\0b\r\n\r\n"s},
      {"control in a name", "0\r\nX\x01: y\r\n\r\n"},
      {"8-bit byte in a name", "0\r\nX\xc3\xa9: y\r\n\r\n"},
      {"a dropped field that is malformed", "0\r\nContent-Length : 5\r\n\r\n"},
      {"a dropped field that is folded", "0\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"},
      {"too large", "0\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n"},
      {"too many", "0\r\n" +
                       [] {
                         std::string all;
                         for (int i = 0; i < 10'000; ++i) all += "X: y\r\n";
                         return all;
                       }() +
                       "\r\n"},
  });
}

TEST_CASE("smuggling, chunks: what comes behind a whole chunked body is the next request") {
  const auto next = [](const std::string& name, const std::string& body,
                       const std::string& arrives) {
    return Case{.name = name,
                .client_sends = chunked_request(body) + request("GET /2"),
                .backend_gets = chunked_forwarded(arrives) + forwarded("GET /2"),
                .client_gets = ok("ok") + ok("ok"),
                .connections = 1};
  };
  const std::string end = "0\r\n\r\n";
  play({
      next("empty body", end, end),
      next("one chunk", "5\r\nhello\r\n" + end, "5\r\nhello\r\n" + end),
      next("a request as payload", chunk(kSmuggled) + end, chunk(kSmuggled) + end),
      next("a last chunk as payload", chunk(end) + end, chunk(end) + end),
      next("zeros", "000;a=b\r\n\r\n", end),
      next("a request line as a trailer value", "0\r\nX: GET /smuggled HTTP/1.1\r\n\r\n",
           "0\r\nX: GET /smuggled HTTP/1.1\r\n\r\n"),
      next("framing fields as trailers",
           "0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n", end),
      next("a blank line behind the body", end + "\r\n", end),
  });
}
