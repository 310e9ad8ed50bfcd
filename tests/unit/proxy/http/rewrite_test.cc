#include "proxy/http/rewrite.h"

#include <string>

#include "proxy/http/head_writer.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using Part = PathChange::Part;

Rewrite path(Part part, std::string_view outside, std::string_view inside) {
  Rewrite rewrite;
  rewrite.path = PathChange::of(part, outside, inside);
  return rewrite;
}

std::string upstream(const std::string& request, const Rewrite& rewrite) {
  const ParsedRequest parsed(request);
  CAPTURE(request, parsed.detail());
  REQUIRE(parsed.complete());
  UpstreamHeadContext context;
  context.client_ip = "192.0.2.9";
  context.request_id = "r1";
  context.traceparent = "t1";
  context.default_host = "10.0.0.9:80";
  context.rewrite = &rewrite;
  HeadBuffer out;
  write_upstream_head(parsed.head, context, out);
  return std::string(out.view());
}

std::string target(const std::string& from, const Rewrite& rewrite,
                   const std::string& method = "GET") {
  const std::string head = upstream(method + " " + from + " HTTP/1.1\r\nHost: a\r\n\r\n", rewrite);
  const std::size_t begin = method.size() + 1;
  return head.substr(begin, head.find(" HTTP/1.1") - begin);
}

TEST_CASE("a prefix is replaced by whole segments, the query kept", "[rewrite]") {
  const Rewrite longer = path(Part::prefix, "/catalog", "/v2/catalog");
  CHECK(target("/catalog", longer) == "/v2/catalog");
  CHECK(target("/catalog/", longer) == "/v2/catalog/");
  CHECK(target("/catalog//x?a=/catalog&b=%2F?", longer) == "/v2/catalog//x?a=/catalog&b=%2F?");
  CHECK(target("/catalogue", longer) == "/catalogue");
  const Rewrite stripped = path(Part::prefix, "/catalog", "/");
  CHECK(target("/catalog", stripped) == "/");
  CHECK(target("/catalog?x", stripped) == "/?x");
  CHECK(target("/catalog/x", stripped) == "/x");
  // A target of a request is a path, whatever it begins with (RFC 9112 §3.2.1).
  CHECK(target("/catalog//x", stripped) == "//x");
  CHECK(target("http://a/catalog//x", stripped) == "//x");
  const Rewrite added = path(Part::prefix, "/", "/v2");
  CHECK(target("/", added) == "/v2/");
  CHECK(target("/x?y", added) == "/v2/x?y");
  CHECK(target("http://a?y", added) == "/v2/?y");
  CHECK(target("http://a", added) == "/v2/");
  CHECK(target("*", added, "OPTIONS") == "*");
}

TEST_CASE("an exact path is replaced as a whole", "[rewrite]") {
  const Rewrite whole = path(Part::whole, "/cart", "/v2/basket");
  CHECK(target("/cart?x", whole) == "/v2/basket?x");
  CHECK(target("/cart/x", whole) == "/cart/x");
}

TEST_CASE("the Host is replaced, X-Forwarded-Host keeps the client's", "[rewrite]") {
  Rewrite rewrite;
  rewrite.host = "new.internal:8080";
  const std::string forwarded =
      "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: shop\r\n"
      "X-Request-Id: r1\r\ntraceparent: t1\r\n\r\n";
  CHECK(upstream("GET / HTTP/1.1\r\nA: 1\r\nhost: shop\r\nB: 2\r\n\r\n", rewrite) ==
        "GET / HTTP/1.1\r\nA: 1\r\nhost: new.internal:8080\r\nB: 2\r\n" + forwarded);
  CHECK(upstream("GET http://shop/ HTTP/1.1\r\nHost: other\r\n\r\n", rewrite) ==
        "GET / HTTP/1.1\r\nHost: new.internal:8080\r\n" + forwarded);
  CHECK(upstream("GET / HTTP/1.0\r\n\r\n", rewrite).find("Host: new.internal:8080\r\n") !=
        std::string::npos);
}

TEST_CASE("fields are set in place of all of their name, and removed", "[rewrite]") {
  Rewrite rewrite;
  rewrite.set_field("X-From", "ficus");
  rewrite.set_field("X-Forwarded-Proto", "https");
  rewrite.remove_field("cookie");
  rewrite.remove_field("X-Debug");
  rewrite.remove_field("traceparent");
  CHECK(upstream("GET / HTTP/1.1\r\nHost: a\r\nx-from: 1\r\nKeep-1: 1\r\nX-FROM: 2\r\n"
                 "Cookie: a=b\r\nX-Forwarded-Proto: http\r\nx-debug: 1\r\nX-Debig: 1\r\n\r\n",
                 rewrite) ==
        "GET / HTTP/1.1\r\nHost: a\r\nKeep-1: 1\r\nX-Debig: 1\r\nX-Forwarded-For: 192.0.2.9\r\n"
        "X-Forwarded-Host: a\r\nX-Request-Id: r1\r\nX-From: ficus\r\n"
        "X-Forwarded-Proto: https\r\n\r\n");
}

TEST_CASE("framing is not touched by a rewrite", "[rewrite]") {
  Rewrite rewrite = path(Part::prefix, "/", "/v2");
  rewrite.host = "n";
  CHECK(upstream("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", rewrite)
            .starts_with("POST /v2/x HTTP/1.1\r\nHost: n\r\nContent-Length: 5\r\n"));
}

TEST_CASE("an answer is mapped line by line, the other fields as they are", "[rewrite]") {
  Rewrite rewrite = path(Part::prefix, "/a", "/b");
  const ParsedResponse parsed(
      "HTTP/1.1 302 Found\r\nX: 1\r\nlocation:/b/c\r\nContent-Location: /b\r\n"
      "Refresh: 1; url=/b\r\nSet-Cookie: a=1; Path=/b\r\nset-cookie: c=2\r\n"
      "Link: </b>\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(parsed.complete());
  DownstreamHeadContext context;
  context.back_map.client_host = "shop";
  context.back_map.endpoint = "10.0.0.9:80";
  HeadBuffer out;
  const std::string rest = "Link: </b>\r\nContent-Length: 0\r\n";
  write_downstream_head(parsed.head, context, out);
  CHECK(out.view() ==
        "HTTP/1.1 302 Found\r\nX: 1\r\nlocation: /b/c\r\nContent-Location: /b\r\n"
        "Refresh: 1; url=/b\r\nSet-Cookie: a=1; Path=/b\r\nset-cookie: c=2\r\n" +
            rest + "\r\n");
  out.clear();
  context.back_map.rewrite = &rewrite;
  context.set_pin = "p=1";
  write_downstream_head(parsed.head, context, out);
  CHECK(out.view() ==
        "HTTP/1.1 302 Found\r\nX: 1\r\nlocation: /a/c\r\nContent-Location: /a\r\n"
        "Refresh: 1; url=/a\r\nSet-Cookie: a=1; Path=/a\r\nset-cookie: c=2\r\n" +
            rest + "Set-Cookie: p=1\r\n\r\n");
}

}  // namespace
}  // namespace ficus::proxy::http
