#include "proxy/http/request_head.h"

#include <string>
#include <vector>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

const std::string kUsual =
    "GET /catalog/items?id=7&x=%20 HTTP/1.1\r\n"
    "Host: shop.example:8080\r\n"
    "User-Agent: curl/8.0\r\n"
    "Accept: */*\r\n"
    "Accept-Language: de,en;q=0.5\r\n"
    "Cookie: uid=42; theme=dark\r\n"
    "Cache-Control: no-cache\r\n"
    "X-Empty:\r\n"
    "X-Padded: \t  a \t b \t \r\n"
    "\r\n";

TEST_CASE("a usual request head is read as written") {
  const ParsedRequest parsed(kUsual + "body");
  REQUIRE(parsed.complete());
  const RequestHead& head = parsed.head;
  CHECK(head.size == kUsual.size());
  CHECK(head.method == Method::get);
  CHECK(head.method_text() == "GET");
  CHECK(head.target() == "/catalog/items?id=7&x=%20");
  CHECK(head.path() == "/catalog/items");
  CHECK(head.query() == "id=7&x=%20");
  CHECK(head.host() == "shop.example:8080");
  CHECK(head.host_name() == "shop.example");
  CHECK(head.minor_version == 1);
  CHECK(head.framing == Framing::none);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expect_continue);
  CHECK_FALSE(head.upgrade);
  CHECK(head.fields.size() == 8);
  CHECK(head.value(HeaderId::cookie) == "uid=42; theme=dark");
  CHECK(head.value(HeaderId::upgrade).empty());
  REQUIRE(head.find("x-padded") != nullptr);
  CHECK(head.value(*head.find("x-padded")) == "a \t b");
  REQUIRE(head.find("X-EMPTY") != nullptr);
  CHECK(head.value(*head.find("X-EMPTY")).empty());
  CHECK(head.find("X-None") == nullptr);
}

TEST_CASE("a request head cut at any byte is incomplete, then read as if never cut") {
  const std::vector<std::string> inputs{
      kUsual,
      "\r\n\r\nPOST http://shop.example HTTP/1.0\r\ncontent-length:5\r\nConnection: "
      "keep-alive\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n"
      "Trailer: X-Sum\r\n\r\n",
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
      "websocket\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  for (const std::string& input : inputs) {
    for (std::size_t cut = 0; cut < input.size(); ++cut) {
      CAPTURE(input, cut);
      const ParsedRequest parsed(std::string_view(input).substr(0, cut));
      REQUIRE(parsed.outcome.status == ParseStatus::incomplete);
    }
    const ParsedRequest whole(input);
    CAPTURE(input, whole.detail());
    REQUIRE(whole.complete());
    CHECK(whole.head.size == input.size());
  }
}

TEST_CASE("a head can be copied away from the bytes it was read from") {
  ParsedRequest parsed(kUsual);
  REQUIRE(parsed.complete());
  const std::string elsewhere = kUsual;
  RequestHead copy = parsed.head;
  copy.rebase(elsewhere.data());
  std::fill_n(parsed.bytes.data(), parsed.bytes.size(), '#');
  CHECK(copy.path() == "/catalog/items");
  CHECK(copy.host_name() == "shop.example");
  CHECK(copy.value(HeaderId::accept) == "*/*");
}

TEST_CASE("a head that is parsed into again keeps nothing of the last request") {
  ParsedRequest parsed(
      "GET http://a/?q HTTP/1.0\r\nConnection: close\r\nX-Ficus-Side: new\r\nCookie: a=b\r\n\r\n");
  REQUIRE(parsed.complete());
  const std::string next = "GET /n HTTP/1.1\r\nHost: b\r\n\r\n";
  REQUIRE(parse_request_head(next, {}, parsed.head).status == ParseStatus::complete);
  CHECK(parsed.head.host() == "b");
  CHECK(parsed.head.query().empty());
  CHECK_FALSE(parsed.head.absolute_form);
  CHECK(parsed.head.keep_alive);
  CHECK(parsed.head.fields.size() == 1);
  CHECK_FALSE(parsed.head.fields.has(HeaderId::cookie));
}

TEST_CASE("methods are known by their exact spelling") {
  const auto method = [](const std::string& text) {
    const ParsedRequest parsed(text + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(parsed.complete());
    CHECK(parsed.head.method_text() == text);
    return parsed.head.method;
  };
  CHECK(method("GET") == Method::get);
  CHECK(method("HEAD") == Method::head);
  CHECK(method("POST") == Method::post);
  CHECK(method("PUT") == Method::put);
  CHECK(method("DELETE") == Method::delete_);
  CHECK(method("OPTIONS") == Method::options);
  CHECK(method("TRACE") == Method::trace);
  CHECK(method("PATCH") == Method::patch);
  CHECK(method("get") == Method::other);
  CHECK(method("PROPFIND") == Method::other);
  CHECK(method("M-SEARCH") == Method::other);
  CHECK(is_safe(Method::get));
  CHECK_FALSE(is_safe(Method::put));
  CHECK(is_idempotent(Method::put));
  CHECK_FALSE(is_idempotent(Method::post));
  CHECK_FALSE(is_idempotent(Method::other));
}

TEST_CASE("an absolute-form target wins over Host and leaves as origin-form") {
  const ParsedRequest parsed("GET HTTP://Real.Example:81/p?q=1 HTTP/1.1\r\nHost: other\r\n\r\n");
  REQUIRE(parsed.complete());
  CHECK(parsed.head.host() == "Real.Example:81");
  CHECK(parsed.head.host_name() == "Real.Example");
  CHECK(parsed.head.target() == "/p?q=1");
  CHECK(parsed.head.path() == "/p");
  CHECK(parsed.head.query() == "q=1");

  const ParsedRequest bare("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(bare.complete());
  CHECK(bare.head.target() == "/");
  CHECK(bare.head.path() == "/");

  const ParsedRequest query("GET http://a?x=/y HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(query.complete());
  CHECK(query.head.target() == "?x=/y");
  CHECK(query.head.path() == "/");
  CHECK(query.head.query() == "x=/y");

  const ParsedRequest options("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(options.complete());
  CHECK(options.head.target() == "*");
  CHECK(options.head.path() == "*");
}

TEST_CASE("a connection persists as its version and options say") {
  const auto keeps = [](const std::string& version, const std::string& lines) {
    const ParsedRequest parsed("GET / HTTP/" + version + "\r\nHost: a\r\n" + lines + "\r\n");
    REQUIRE(parsed.complete());
    return parsed.head.keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK(keeps("1.2", ""));
  CHECK_FALSE(keeps("1.1", "Connection: Close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: keep-alive\r\nConnection: foo, close\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("the fields that Connection lists end here, but never those that frame or route") {
  const ParsedRequest parsed(
      request_with("Connection: close, X-Private , content-length,,Host, X-Forwarded-For\r\n"
                   "X-Private: a\r\nx-private: b\r\nX-Privat: c\r\nContent-Length: 3\r\n"
                   "X-Forwarded-For: 192.0.2.1\r\nKeep-Alive: timeout=5\r\nX-Ficus-Side: new\r\n"));
  REQUIRE(parsed.complete());
  std::string dropped;
  for (const Field& field : parsed.head.fields) {
    if (field.dropped) dropped += std::string(parsed.head.name(field)) + " ";
  }
  CHECK(dropped == "Connection X-Private x-private Keep-Alive X-Ficus-Side ");
  CHECK(parsed.head.framing == Framing::length);
}

TEST_CASE("Upgrade is honoured only where a tunnel may begin") {
  const auto upgrades = [](const std::string& request) {
    const ParsedRequest parsed(request);
    CAPTURE(request, parsed.detail());
    REQUIRE(parsed.complete());
    return parsed.head.upgrade;
  };
  const std::string get = "GET /chat HTTP/1.1\r\nHost: a\r\n";
  CHECK(upgrades(get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
  CHECK(upgrades(get + "Connection: keep-alive, upgrade\r\nUpgrade: foo/2, websocket\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Upgrade: websocket\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n\r\n"));
  CHECK_FALSE(upgrades(get + "Connection: upgrade\r\nUpgrade: web socket\r\n\r\n"));
  CHECK_FALSE(
      upgrades(get + "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n"));
  CHECK_FALSE(
      upgrades("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"));
}

TEST_CASE("Expect waits only where a body follows, and only in HTTP/1.1") {
  const ParsedRequest body(request_with("Expect: 100-Continue\r\nContent-Length: 5\r\n"));
  REQUIRE(body.complete());
  CHECK(body.head.expect_continue);
  const ParsedRequest none(request_with("Expect: 100-continue\r\nContent-Length: 0\r\n"));
  REQUIRE(none.complete());
  CHECK_FALSE(none.head.expect_continue);
  const ParsedRequest old("POST / HTTP/1.0\r\nExpect: anything\r\nContent-Length: 5\r\n\r\n");
  REQUIRE(old.complete());
  CHECK_FALSE(old.head.expect_continue);
  CHECK(ParsedRequest(request_with("Expect: 200-ok\r\n")).status() == 417);
  CHECK(ParsedRequest(request_with("Expect: 100-continue, x\r\nContent-Length: 1\r\n")).status() ==
        417);
}

TEST_CASE("unusual but valid requests are accepted") {
  for (const std::string& request : {
           std::string("GET / HTTP/1.0\r\n\r\n"),
           std::string("GET //a//b?? HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET /a|b{c}\"<>\\^` HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET /caf\xc3\xa9?x=\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET /?x=%00 HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nhOsT:a\r\n!#$%&'*+-.^_`|~9: x\r\n\r\n"),
           request_with("Content-Length: 000012\r\n"),
           request_with("Content-Length: 9223372036854775807\r\n"),
           std::string("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
       }) {
    const ParsedRequest parsed(request);
    CAPTURE(request, parsed.detail());
    CHECK(parsed.complete());
  }
}

TEST_CASE("limits hold to the byte") {
  HeadLimits limits;
  limits.max_uri_bytes = 10;
  const auto with_target = [&limits](std::size_t size) {
    const std::string target = "/" + std::string(size - 1, 'a');
    return ParsedRequest("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", limits).outcome;
  };
  CHECK(with_target(10).status == ParseStatus::complete);
  CHECK(with_target(11).fault.status == 414);
  CHECK(ParsedRequest("GET /aaaaaaaaaa", limits).status() == 414);
  CHECK(ParsedRequest("GET /aaaaaaaaa", limits).outcome.status == ParseStatus::incomplete);

  limits = HeadLimits();
  limits.max_fields = 3;
  CHECK(ParsedRequest(request_with("A: 1\r\nB: 2\r\n"), limits).complete());
  const ParsedRequest four(request_with("A: 1\r\nB: 2\r\nC: 3\r\n"), limits);
  CHECK(four.status() == 431);
  CHECK(four.outcome.fault.kind == ErrorKind::head_too_large);

  limits = HeadLimits();
  const std::string head = request_with("A: 1\r\n");
  limits.max_head_bytes = static_cast<std::uint32_t>(head.size());
  CHECK(ParsedRequest(head, limits).complete());
  CHECK(ParsedRequest(head + "following", limits).complete());
  --limits.max_head_bytes;
  CHECK(ParsedRequest(head, limits).status() == 431);
  CHECK(ParsedRequest(head.substr(0, head.size() - 1), limits).status() == 431);
  CHECK(ParsedRequest(head.substr(0, head.size() - 2), limits).outcome.status ==
        ParseStatus::incomplete);
  limits.max_head_bytes = 12;
  CHECK(ParsedRequest(head, limits).status() == 414);
}

}  // namespace
}  // namespace ficus::proxy::http
