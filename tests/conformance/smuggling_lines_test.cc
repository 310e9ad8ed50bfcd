// Smuggling by bare CR and LF, NUL and other bytes that some parsers take for the end of a line or
// of a name. RFC 9112 §2.2, §5.1, §5.2; RFC 9110 §5.5.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

namespace {

// A field line between two good ones.
std::string between(const std::string& line) {
  return get_with("X: 1\r\n" + line + "\r\nY: 2\r\n");
}

}  // namespace

TEST_CASE("smuggling, lines: LF alone ends no line") {
  refuse({
      {"everywhere", "GET / HTTP/1.1\nHost: a\n\n"},
      {"request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {"a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
      {"the last field", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
      {"the head", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
      {"the head, twice", "GET / HTTP/1.1\r\nHost: a\n\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"LF CR", "GET / HTTP/1.1\n\rHost: a\n\r\n\r"},
      {"before the request", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"hides a length", between("Z: 3\nContent-Length: 36")},
      {"hides a coding", between("Z: 3\nTransfer-Encoding: chunked")},
      {"hides a host", between("Z: 3\nHost: evil")},
      {"hides a whole request", between("Z: 3\n\nGET /smuggled HTTP/1.1")},
      {"in a name", between("Z\nz: 3")},
      {"before a colon", between("Z\n: 3")},
      {"behind a colon", between("Z:\n3")},
      {"in a target", "GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"in a method", "GE\nT / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"in a version", "GET / HTTP/1\n.1\r\nHost: a\r\n\r\n"},
  });
}

TEST_CASE("smuggling, lines: CR alone is no blank and ends no line") {
  refuse({
      {"everywhere", "GET / HTTP/1.1\rHost: a\r\r\n"},
      {"request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {"in a value", between("Z: a\rb")},
      {"at the begin of a value", between("Z: \rb")},
      {"at the end of a value", between("Z: a\r")},
      {"in a name", between("Z\rz: 3")},
      {"before a colon", between("Z\r: 3")},
      {"before a name", between("\rZ: 3")},
      {"hides a length", between("Z: 3\rContent-Length: 36")},
      {"hides a coding", between("Z: 3\rTransfer-Encoding: chunked")},
      {"hides a host", between("Z: 3\rHost: evil")},
      {"hides a whole request", between("Z: 3\r\rGET /smuggled HTTP/1.1\r")},
      {"before the blank line", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"},
      {"in a target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"behind the version", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
      {"in a Host", with_host("a\rb")},
      {"in a length", post("Content-Length: 5\r\r\n", "hello")},
      {"in a coding", post("Transfer-Encoding: chunked\r\r\n", "0\r\n\r\n")},
      {"before the request", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
  });
}

TEST_CASE("smuggling, lines: control bytes stand nowhere in a head") {
  std::vector<Refused> cases;
  for (int byte = 0; byte < 0x80; ++byte) {
    const bool printable_byte = byte >= 0x20 && byte != 0x7f;
    if (printable_byte || byte == '\t' || byte == '\n' || byte == '\r') continue;
    const std::string c(1, static_cast<char>(byte));
    const std::string number = std::to_string(byte);
    cases.push_back({"byte " + number + " in a value", between("Z: a" + c + "b")});
    cases.push_back({"byte " + number + " in a name", between("Z" + c + ": 3")});
    cases.push_back({"byte " + number + " in a target", with_line("GET /a" + c + " HTTP/1.1")});
  }
  refuse(cases);
}

TEST_CASE("smuggling, lines: a name is a token and its colon follows at once") {
  std::vector<Refused> cases = {
      {"no name", between(": 3")},
      {"no colon", between("Z")},
      {"no colon, a value", between("Z 3")},
      {"blank before the colon", between("Z : 3")},
      {"tab before the colon", between("Z\t: 3")},
      {"blanks before the colon", between("Z  \t : 3")},
      {"blank within the name", between("Z z: 3")},
      {"8-bit byte", between("Z\xc3\xa9: 3")},
      {"no-break space", between("Z\xa0: 3")},
      {"soft hyphen", between("Content\xc2\xad-Length: 36")},
      {"zero-width space", between("Content-Length\xe2\x80\x8b: 36")},
  };
  for (const char c : std::string("\"(),/;<=>?@[\\]{}")) {
    cases.push_back({std::string("delimiter ") + c, between("Z" + std::string(1, c) + "z: 3")});
  }
  refuse(cases);
}

TEST_CASE("smuggling, lines: folded lines are refused") {
  refuse({
      {"blank", between("Z: 3\r\n folded")},
      {"tab", between("Z: 3\r\n\tfolded")},
      {"blanks only", between("Z: 3\r\n \t ")},
      {"twice", between("Z: 3\r\n a\r\n b")},
      {"looks like a field", between("Z: 3\r\n Content-Length: 36")},
      {"behind the request line", "GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n"},
      {"behind an empty value", between("Z:\r\n 3")},
      {"behind the last field", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"},
      {"blank line of a blank", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"},
      {"Host", "GET / HTTP/1.1\r\nHost: a\r\n .evil\r\n\r\n"},
      {"Connection", between("Connection: keep-alive,\r\n close")},
  });
}
