// Rule 9: host grammar and count are validated, an absolute target wins over Host, and raw control
// bytes and fragments in targets are refused. RFC 9112 §3, §3.2; RFC 9110 §4.2, §7.2; RFC 3986 §3.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

namespace {

std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

// The head at the backend with another Host.
std::string forwarded_to(const std::string& host, const std::string& method_and_target = "GET /") {
  return method_and_target + " HTTP/1.1\r\nHost: " + host + "\r\n" + std::string(kIds) +
         "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + host +
         "\r\n\r\n";
}

std::string request_to(const std::string& host, const std::string& method_and_target = "GET /") {
  return method_and_target + " HTTP/1.1\r\nHost: " + host + "\r\n" + std::string(kIds) + "\r\n";
}

}  // namespace

TEST_CASE("rule 9: not exactly one Host is refused") {
  refuse({
      {"none", "GET / HTTP/1.1\r\n\r\n"},
      {"none, with an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n"},
      {"none, in HTTP/1.2", "GET / HTTP/1.2\r\n\r\n"},
      {"two equal ones", get_with("Host: a\r\n")},
      {"two different ones", get_with("Host: b\r\n")},
      {"two in different cases", get_with("hOST: a\r\n")},
      {"two with an absolute target", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"two in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"a second one that is empty", get_with("Host:\r\n")},
      {"a second one in a folded line", "GET / HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n"},
      {"blank before its colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"blank before its name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"a first one that is folded", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"},
  });
}

TEST_CASE("rule 9: a Host that is none is refused") {
  refuse({
      {"empty", with_host("")},
      {"blank", with_host(" \t")},
      {"port only", with_host(":80")},
      {"list", with_host("a, b")},
      {"list without a blank", with_host("a,b")},
      {"two words", with_host("a b")},
      {"tab within", with_host("a\tb")},
      {"path", with_host("a/b")},
      {"slash", with_host("a/")},
      {"query", with_host("a?b")},
      {"fragment", with_host("a#b")},
      {"user", with_host("user@a")},
      {"user and password", with_host("user:pw@a")},
      {"scheme", with_host("http://a")},
      {"backslash", with_host("a\\b")},
      {"quotes", with_host("\"a\"")},
      {"angle brackets", with_host("<a>")},
      {"braces", with_host("{a}")},
      {"pipe", with_host("a|b")},
      {"caret", with_host("a^b")},
      {"backtick", with_host("a`b")},
      {"port that is no number", with_host("a:x")},
      {"port with a sign", with_host("a:+80")},
      {"negative port", with_host("a:-1")},
      {"port with a blank", with_host("a: 80")},
      {"port too large", with_host("a:65536")},
      {"port that overflows", with_host("a:4294967376")},
      {"two ports", with_host("a:80:81")},
      {"IPv6 without brackets", with_host("::1")},
      {"bracket that is not closed", with_host("[::1")},
      {"bracket that was not opened", with_host("::1]")},
      {"empty brackets", with_host("[]")},
      {"name in brackets", with_host("[a]")},
      {"zone", with_host("[fe80::1%25eth0]")},
      {"text behind the brackets", with_host("[::1]a")},
      {"8-bit byte", with_host("caf\xc3\xa9")},
      {"NUL", with_host("a\0b"s)},
      {"control", with_host("a\x01")},
      {"escaped NUL", with_host("a%00b")},
      {"escaped line end", with_host("a%0d%0ab")},
      {"escaped blank", with_host("a%20b")},
      {"escaped slash", with_host("a%2Fb")},
      {"escaped at", with_host("a%40b")},
      {"escaped colon", with_host("a%3A80")},
      {"escaped comma", with_host("a%2Cb")},
      {"cut escape", with_host("a%4")},
      {"escape that is none", with_host("a%zz")},
  });
}

TEST_CASE("rule 9: every Host that the grammar allows passes as it is written") {
  const auto named = [](const std::string& host) {
    return Case{.name = host, .client_sends = request_to(host), .backend_gets = forwarded_to(host)};
  };
  play({
      named("example.com"),
      named("EXAMPLE.com"),
      named("a:80"),
      named("a:"),
      named("a:0"),
      named("a:65535"),
      named("127.0.0.1"),
      named("127.0.0.1:8080"),
      named("[::1]"),
      named("[2001:db8::a]:8080"),
      named("[::ffff:192.0.2.1]"),
      named("a_b"),
      named("a-b.c"),
      named("xn--caf-dma.example"),
      named("a."),
      named("1"),
      named("a~b"),
      named("caf%C3%A9.example"),
      named("%61"),
      named(std::string(255, 'a')),
  });
}

TEST_CASE("rule 9: an absolute target wins over Host") {
  const auto wins = [](const std::string& name, const std::string& target, const std::string& host,
                       const std::string& arrives) {
    return Case{.name = name,
                .client_sends = request_to(host, "GET " + target),
                .backend_gets = forwarded_to("b", arrives)};
  };
  play({
      wins("another host", "http://b/x", "a", "GET /x"),
      wins("the same host", "http://b/x", "b", "GET /x"),
      wins("no path", "http://b", "a", "GET /"),
      wins("query only", "http://b?x", "a", "GET /?x"),
      wins("https", "https://b/", "a", "GET /"),
      wins("dot segments", "http://b/a/../c", "a", "GET /c"),
      {.name = "port",
       .client_sends = request_to("a", "GET http://b:81/"),
       .backend_gets = forwarded_to("b:81")},
      {.name = "IPv6",
       .client_sends = request_to("a", "GET http://[::1]:81/"),
       .backend_gets = forwarded_to("[::1]:81")},
  });
  refuse({
      {"Host that is none under an absolute target", "GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"empty Host under an absolute target", "GET http://b/ HTTP/1.1\r\nHost:\r\n\r\n"},
      {"user in the target", with_target("http://user@b/")},
      {"user and password in the target", with_target("http://user:pw@b/")},
      {"user that looks like a host", with_target("http://a:80@b/")},
      {"no host in the target", with_target("http:///x")},
      {"port only in the target", with_target("http://:80/")},
      {"bad port in the target", with_target("http://b:x/")},
      {"port too large in the target", with_target("http://b:65536/")},
      {"another scheme", with_target("ftp://b/")},
      {"file", with_target("file:///etc/passwd")},
      {"no slashes", with_target("http:b/")},
      {"one slash", with_target("http:/b/")},
      {"scheme only", with_target("http://")},
      {"backslash in the host", with_target("http://b\\@c/")},
      {"list of hosts", with_target("http://a,b/")},
  });
}

TEST_CASE("rule 9: a target that is none is refused") {
  refuse({
      {"fragment", with_target("/a#b")},
      {"fragment in an absolute target", with_target("http://a/#b")},
      {"fragment only", with_target("#")},
      {"fragment in the query", with_target("/?a#b")},
      {"no slash", with_target("a")},
      {"query only", with_target("?a")},
      {"dot segment only", with_target("..")},
      {"backslash", with_target("\\a")},
      {"star", with_target("*")},
      {"star and more", with_target("*/a")},
      {"star with POST", with_line("POST * HTTP/1.1")},
      {"authority with GET", with_target("a:80")},
      {"authority without a port", with_target("a.example")},
      {"NUL", with_target("/a\0b"s)},
      {"encoded NUL", with_target("/a%00b")},
      {"control", with_target("/a\x01")},
      {"DEL", with_target("/a\x7f")},
      {"tab", with_target("/a\tb")},
      {"blank", with_target("/a b")},
      {"CR", with_target("/a\rb")},
      {"LF", with_target("/a\nb")},
      {"vertical tab", with_target("/a\x0b")},
      {"climbs above the root", with_target("/../a")},
      {"climbs above the root later", with_target("/a/../../b")},
      {"climbs with escapes", with_target("/%2e%2e/a")},
      {"climbs in an absolute target", with_target("http://a/../b")},
  });
}

TEST_CASE("rule 9: a target that backends see today passes as it is") {
  const auto as_is = [](const std::string& target) {
    return Case{.name = target,
                .client_sends = request("GET " + target),
                .backend_gets = forwarded("GET " + target)};
  };
  play({
      as_is("/caf\xc3\xa9"), as_is("/\xff"), as_is("/a|b"),          as_is("/\"a\""),
      as_is("/<a>"),         as_is("/{a}"),  as_is("/a^b"),          as_is("/a`b"),
      as_is("/a\\b"),        as_is("/[a]"),  as_is("/a:b@c"),        as_is("/%"),
      as_is("/%zz"),         as_is("/%4"),   as_is("/a;b=c/..;/d"),  as_is("/a?b?c"),
      as_is("/?"),           as_is("/?%00"), as_is("//b.example/x"), as_is("/http://b/"),
      as_is("/..."),         as_is("/.a"),   as_is("/a..b"),         as_is("/%2Fa"),
  });
}

TEST_CASE("rule 9: CONNECT is not spoken, and nothing behind it is read") {
  refuse({
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501},
      {"CONNECT to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"CONNECT with a URI", "CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"CONNECT in HTTP/1.0", "CONNECT a:443 HTTP/1.0\r\n\r\n", 501},
      {"CONNECT with a length",
       "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 36\r\n\r\n", 501},
  });
  play({
      {.name = "connect in lower case is another method",
       .client_sends = request("connect /"),
       .backend_gets = forwarded("connect /")},
  });
}

TEST_CASE("rule 9: a request line that is none is refused") {
  refuse({
      {"empty", "\r\n\r\n\r\n\r\n\r\n\r\n"},
      {"method only", "GET\r\nHost: a\r\n\r\n"},
      {"no version", with_line("GET /")},
      {"no version but a blank", with_line("GET / ")},
      {"no target", with_line("GET HTTP/1.1")},
      {"empty target", with_line("GET  HTTP/1.1")},
      {"no method", with_line(" / HTTP/1.1")},
      {"blank before the method", with_line(" GET / HTTP/1.1")},
      {"two blanks before the target", with_line("GET  / HTTP/1.1")},
      {"two blanks before the version", with_line("GET /  HTTP/1.1")},
      {"blank behind the version", with_line("GET / HTTP/1.1 ")},
      {"tab behind the version", with_line("GET / HTTP/1.1\t")},
      {"tab before the target", with_line("GET\t/ HTTP/1.1")},
      {"tab before the version", with_line("GET /\tHTTP/1.1")},
      {"vertical tab", with_line("GET\x0b/ HTTP/1.1")},
      {"form feed", with_line("GET / \x0cHTTP/1.1")},
      {"CR as a separator", with_line("GET\r/ HTTP/1.1")},
      {"a word too many", with_line("GET / HTTP/1.1 x")},
      {"bracket in the method", with_line("GE(T / HTTP/1.1")},
      {"colon in the method", with_line("GET: / HTTP/1.1")},
      {"8-bit byte in the method", with_line("G\xc3\xa9T / HTTP/1.1")},
      {"NUL in the method", with_line("G\0T / HTTP/1.1"s)},
      {"version in lower case", with_line("GET / http/1.1")},
      {"HTTP/0.9", with_line("GET / HTTP/0.9")},
      {"HTTP/1", with_line("GET / HTTP/1")},
      {"HTTP/1.", with_line("GET / HTTP/1.")},
      {"HTTP/.1", with_line("GET / HTTP/.1")},
      {"HTTP/01.1", with_line("GET / HTTP/01.1")},
      {"HTTP/1.01", with_line("GET / HTTP/1.01")},
      {"HTTP/1.10", with_line("GET / HTTP/1.10")},
      {"HTTP/11.1", with_line("GET / HTTP/11.1")},
      {"HTTP/1,1", with_line("GET / HTTP/1,1")},
      {"HTTP/+1.1", with_line("GET / HTTP/+1.1")},
      {"HTTP/1.1.1", with_line("GET / HTTP/1.1.1")},
      {"HTTP 1.1", with_line("GET / HTTP 1.1")},
      {"another protocol", with_line("GET / ICY/1.1")},
      {"HTTPS", with_line("GET / HTTPS/1.1")},
      {"HTTP/2.0", with_line("GET / HTTP/2.0"), 505},
      {"HTTP/3.0", with_line("GET / HTTP/3.0"), 505},
      {"HTTP/9.9", with_line("GET / HTTP/9.9"), 505},
      {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"TLS", "\x16\x03\x01\x02\n\r\n"},
      {"an answer", ok("ok")},
  });
}
