// Routes by regex and host suffix, rewriting towards a side and back, and pins after a write.

#include <ctime>
#include <string>

#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

const std::string kNewRewrite =
    "rewrite: {new: {path_prefix: /v2/shop, host: \"new.internal:81\", set_headers: {X-From: "
    "ficus}, remove_headers: [X-Secret]}}";

// One route at /shop, all of it on one side, that side scripted.
std::string scripted(const ScriptedBackend& legacy, const ScriptedBackend& fresh, int weight,
                     const std::string& more) {
  return "workers: 1\nbackends:\n  old: {endpoints: [\"" + legacy.url() +
         "\"]}\n  fresh: {endpoints: [\"" + fresh.url() +
         "\"]}\nroutes:\n  - {name: shop, match: {path_prefix: /shop}, legacy: old, new: fresh, "
         "guard: off, weight: " +
         std::to_string(weight) + ", " + more + "}\n";
}

struct Sides {
  HttpBackend legacy{"legacy"};
  HttpBackend fresh{"new"};

  std::string configuration(int weight, const std::string& route) {
    TwoSides terms;
    terms.weight = weight;
    terms.route = route;
    return split({legacy.url()}, {fresh.url()}, terms);
  }
};

const std::string kPins = "sticky: {by: [\"header:X-Account\"], pin_after_write: 60s}";

std::string side_of(const HttpMessage& answer) {
  return answer.header("X-Backend").value_or("none");
}

// The cookie of an answer as it is sent back; empty: there is none.
std::string cookie_of(const HttpMessage& answer) {
  const auto value = answer.header("Set-Cookie");
  if (!value) return {};
  const std::string_view pair = *value;
  return "Cookie: " + std::string(pair.substr(0, pair.find(';'))) + "\r\n";
}

void post_admin(const FicusProcess& ficus, const std::string& path, const std::string& json) {
  REQUIRE(ficus.admin_post(path, json).status() / 100 == 2);
}

}  // namespace

TEST_CASE("data plane: the new side gets its request rewritten, its answer comes back mapped") {
  const auto answer = [](const std::string& mapped) {
    return ok("ok", mapped + "Link: </v2/shop>\r\n");
  };
  ScriptedBackend legacy;
  ScriptedBackend fresh(
      answer_each(answer("Location: http://new.internal:81/v2/shop/7?a=/v2/shop\r\n"
                         "Content-Location: /v2/shop/7\r\nRefresh: 3; url=/v2/shop\r\n"
                         "Set-Cookie: s=1; Domain=new.internal; Path=/v2/shop\r\n")));
  FicusProcess ficus(scripted(legacy, fresh, 100, kNewRewrite));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(
      request("POST /shop/items?x=%2Fshop",
              "X-Secret: 1\r\nx-from: me\r\nX-Stays: 1\r\nContent-Length: 2\r\n", "ab"));
  CHECK(response.raw ==
        answer("Location: http://a/shop/7?a=/v2/shop\r\nContent-Location: /shop/7\r\n"
               "Refresh: 3; url=/shop\r\nSet-Cookie: s=1; Path=/shop\r\n"));
  CHECK(fresh.received() == "POST /v2/shop/items?x=%2Fshop HTTP/1.1\r\nHost: new.internal:81\r\n" +
                                std::string(kIds) + "X-Stays: 1\r\nContent-Length: 2\r\n" +
                                std::string(kForwarded) + "X-From: ficus\r\n\r\nab");
}

TEST_CASE("data plane: no path that a client asks for leads it to another host") {
  ScriptedBackend legacy;
  ScriptedBackend fresh(answer_each(ok("ok",
                                       "Location: /v2//evil.example/\r\n"
                                       "Refresh: 0; url=http://127.0.0.1:81//evil.example/\r\n")));
  FicusProcess ficus(split({legacy.url()}, {fresh.url()},
                           {100, "rewrite: {new: {path_prefix: /v2, host: \"127.0.0.1:81\"}}"}));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET //evil.example")).raw ==
        ok("ok", "Location: /.//evil.example/\r\nRefresh: 0; url=http://a//evil.example/\r\n"));
  CHECK(fresh.wait_for_request().target() == "/v2//evil.example");
  // HTTP/1.0 without Host.
  const HttpMessage old = fetch(ficus.port(), "GET //evil.example HTTP/1.0\r\n\r\n");
  CHECK(old.header("Location") == "/.//evil.example/");
  CHECK(old.header("Refresh") == "0; url=/.//evil.example/");
}

namespace {

// One side with that rewrite and that URL, which need not be a ScriptedBackend's.
std::string rewritten(const std::string& url, const std::string& tls = {}) {
  return "workers: 1\nbackends:\n  only: {endpoints: [\"" + url + "\"]" +
         (tls.empty() ? "" : ", tls: {" + tls + "}") +
         "}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: only, rewrite: {legacy: "
         "{host: shop-new.internal}}}\n";
}

std::string redirect(const std::string& place) {
  return "HTTP/1.1 302 Found\r\nLocation: " + place + "\r\nContent-Length: 0\r\n\r\n";
}

// Where a client of shop.example:8443 is sent.
std::string followed(RawClient& client, const std::string& fields = {}) {
  const HttpMessage answer =
      client.exchange("GET / HTTP/1.1\r\nHost: shop.example:8443\r\n" + fields + "\r\n");
  return answer.header("Location").value_or("none");
}

}  // namespace

TEST_CASE("data plane: a client of https is sent to https, and to its port") {
  CertificateFolder files;
  ScriptedBackend backend;
  FicusProcess ficus(tls_listener({files.add("site", TestCertificate::self_signed())}) +
                     rewritten(backend.url()));
  const auto client = tls_connect(ficus.port());
  const auto location = [&](const std::string& place) {
    backend.on_every_connection({read_request(), send(redirect(place)), close_connection()});
    return client->exchange("GET / HTTP/1.1\r\nHost: shop.example:8443\r\n\r\n")
        .header("Location")
        .value_or("none");
  };
  CHECK(location("http://shop-new.internal/x") == "https://shop.example:8443/x");
  CHECK(location("//shop-new.internal/x") == "//shop.example:8443/x");
  // The backend was told X-Forwarded-Proto: https.
  CHECK(location("https://shop-new.internal/x") == "https://shop.example:8443/x");
  CHECK(location(backend.url() + "/x") == "https://shop.example:8443/x");
}

TEST_CASE("data plane: a client of http is not sent to https because the backend speaks it") {
  TlsTerms terms;
  terms.certificates = {TestCertificate::self_signed()};
  for (const std::string from : {"https", "http"}) {
    TlsBackend backend(terms, [&](TlsStream& stream) {
      for (;;) {
        stream.read_message(MessageKind::request);
        stream.send(redirect(from + "://shop-new.internal/x"));
      }
    });
    FicusProcess ficus(rewritten(backend.url(), "verify: false"));
    RawClient client(ficus.port());
    CHECK(followed(client) == "http://shop.example:8443/x");
  }
}

TEST_CASE("data plane: a client that a trusted proxy says came by https is sent to https") {
  ScriptedBackend backend(answer_each(redirect("http://shop-new.internal/x")));
  const auto at = [&](const std::string& listener) {
    return "listeners: [{address: \"127.0.0.1:0\"" + listener + "}]\n" + rewritten(backend.url());
  };
  const std::string https = "X-Forwarded-Proto: https\r\n";
  const std::string by_http = "http://shop.example:8443/x";
  const std::string by_https = "https://shop.example:8443/x";
  {
    FicusProcess ficus(at(", trusted_proxies: [127.0.0.0/8]"));
    RawClient client(ficus.port());
    CHECK(followed(client, https) == by_https);
    CHECK(followed(client, "x-forwarded-proto: HTTPS , http\r\n") == by_https);
    for (const char* line : {"", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Proto: \r\n",
                             "X-Forwarded-Proto: httpss\r\n"}) {
      CAPTURE(line);
      CHECK(followed(client, line) == by_http);
    }
  }
  for (const char* listener :
       {"", ", trusted_proxies: [192.0.2.0/24]",
        ", trusted_proxies: [127.0.0.0/8], forwarding: {x_forwarded: replace}"}) {
    CAPTURE(listener);
    FicusProcess ficus(at(listener));
    RawClient client(ficus.port());
    CHECK(followed(client, https) == by_http);
  }
}

TEST_CASE(
    "data plane: a trusted proxy knows better than its own connection by what a client came") {
  CertificateFolder files;
  ScriptedBackend backend(answer_each(redirect("http://shop-new.internal/x")));
  FicusProcess ficus(tls_listener({files.add("site", TestCertificate::self_signed())}, {},
                                  "trusted_proxies: [127.0.0.0/8]") +
                     rewritten(backend.url()));
  const auto client = tls_connect(ficus.port());
  const auto location = [&](const std::string& fields) {
    return client->exchange("GET / HTTP/1.1\r\nHost: shop.example:8443\r\n" + fields + "\r\n")
        .header("Location")
        .value_or("none");
  };
  CHECK(location("X-Forwarded-Proto: http\r\n") == "http://shop.example:8443/x");
  CHECK(location("") == "https://shop.example:8443/x");
}

TEST_CASE("data plane: a side without a rewrite gets and gives everything as it is") {
  const std::string answer = ok("ok", "Location: /v2/shop/7\r\nSet-Cookie: s=1; Path=/v2/shop\r\n");
  ScriptedBackend legacy(answer_each(answer));
  ScriptedBackend fresh;
  FicusProcess ficus(scripted(legacy, fresh, 0, kNewRewrite));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /shop/x", "X-Secret: 1\r\n")).raw == answer);
  CHECK(legacy.received() == forwarded("GET /shop/x", "X-Secret: 1\r\n"));
}

TEST_CASE("data plane: a request that falls back goes to legacy as legacy wants it") {
  ScriptedBackend legacy(answer_each(ok("ok", "Location: /old/7\r\n")));
  ScriptedBackend fresh(answer_each("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
  FicusProcess ficus(
      scripted(legacy, fresh, 100,
               "fallback: {on: [503], budget_percent: 100}, rewrite: {new: {path_prefix: /v2}, "
               "legacy: {path_prefix: /old, set_headers: {X-Old: 1}}}"));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /shop/x")).raw == ok("ok", "Location: /shop/7\r\n"));
  CHECK(fresh.received() == forwarded("GET /v2/x"));
  std::string to_legacy = forwarded("GET /old/x");
  to_legacy.insert(to_legacy.size() - 2, "X-Old: 1\r\n");
  CHECK(legacy.received() == to_legacy);
}

TEST_CASE("data plane: routes are found by regex, by host suffix and by regex of a header") {
  HttpBackend users("users");
  HttpBackend below("below");
  HttpBackend bots("bots");
  HttpBackend rest("rest");
  FicusProcess ficus(
      "workers: 2\nbackends:\n  users: {endpoints: [\"" + users.url() +
      "\"]}\n  below: {endpoints: [\"" + below.url() + "\"]}\n  bots: {endpoints: [\"" +
      bots.url() + "\"]}\n  rest: {endpoints: [\"" + rest.url() +
      "\"]}\nroutes:\n"
      "  - {name: users, match: {path_regex: \"/users/[0-9]+(/.*)?\"}, legacy: users}\n"
      "  - {name: below, match: {hosts: [\"*.shop.example\"]}, legacy: below}\n"
      "  - {name: bots, match: {headers: {User-Agent: \"~(?i)googlebot|bingbot\"}}, legacy: bots}\n"
      "  - {name: rest, legacy: rest}\n");
  const auto backend_of = [&](const std::string& text) {
    return side_of(fetch(ficus.port(), text));
  };
  CHECK(backend_of(request("GET /users/42/x")) == "users");
  CHECK(backend_of(request("GET /users/%34%32")) == "users");
  CHECK(backend_of(request("GET /users/me")) == "rest");
  CHECK(backend_of("GET /users/1 HTTP/1.1\r\nHost: a.b.shop.example:80\r\n\r\n") == "below");
  CHECK(backend_of("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n") == "rest");
  CHECK(backend_of(request("GET /", "user-agent: Mozilla/5.0 (BingBot)\r\n")) == "bots");
  CHECK(backend_of(request("GET /")) == "rest");
}

TEST_CASE("data plane: a client reads where it wrote") {
  Sides sides;
  FicusProcess ficus(sides.configuration(50, kPins));
  std::string on_new;
  std::string on_legacy;
  for (int i = 0; i < 200 && (on_new.empty() || on_legacy.empty()); ++i) {
    const HttpMessage written =
        fetch(ficus.port(), request("POST /", "Content-Length: 1\r\n", "x"));
    CHECK(cookie_of(written).starts_with("Cookie: ficus_pin_shop="));
    (side_of(written) == "new" ? on_new : on_legacy) = cookie_of(written);
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(side_of(fetch(ficus.port(), request("GET /", on_new))) == "new");
    CHECK(side_of(fetch(ficus.port(), request("GET /", on_legacy))) == "legacy");
  }
  // A read pins nobody, and a forged cookie neither.
  CHECK(cookie_of(fetch(ficus.port(), request("GET /"))).empty());
  post_admin(ficus, "/api/v1/routes/shop/rollback", R"({"reason": "test"})");
  CHECK(side_of(fetch(ficus.port(), request("GET /", on_new))) == "legacy");
  post_admin(ficus, "/api/v1/routes/shop/rearm", R"({"reason": "test"})");
  CHECK(side_of(fetch(ficus.port(), request("GET /", on_new))) == "legacy");
  REQUIRE(ficus.admin_put("/api/v1/routes/shop/weight", R"({"reason": "test", "weight": 0.01})")
              .status() == 200);
  int still_on_new = 0;
  for (int i = 0; i < 20; ++i) {
    still_on_new += side_of(fetch(ficus.port(), request("GET /", on_new))) == "new" ? 1 : 0;
  }
  CHECK(still_on_new <= 1);
}

TEST_CASE("data plane: a pin that a client made up holds nobody") {
  Sides sides;
  FicusProcess ficus(sides.configuration(1, kPins));
  int on_new = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string cookie = "Cookie: ficus_pin_shop=new." + std::to_string(std::time(nullptr)) +
                               "000." + std::string(64, 'a') + "\r\n";
    on_new += side_of(fetch(ficus.port(), request("GET /", cookie))) == "new" ? 1 : 0;
  }
  CHECK(on_new <= 2);
}

TEST_CASE("data plane: no pin at weight 0, for a write that failed, or for all caches") {
  Sides sides;
  const std::string post = request("POST /", "Content-Length: 1\r\n", "x");
  SECTION("weight 0") {
    FicusProcess ficus(sides.configuration(0, kPins));
    CHECK(cookie_of(fetch(ficus.port(), post)).empty());
  }
  SECTION("failed") {
    sides.fresh.set_mode(BackendMode::failing);
    FicusProcess ficus(sides.configuration(100, kPins));
    CHECK(cookie_of(fetch(ficus.port(), post)).empty());
  }
  SECTION("cacheable") {
    ScriptedBackend cached(answer_each(ok("ok", "Cache-Control: public\r\n")));
    TwoSides terms;
    terms.route = kPins;
    FicusProcess ficus(split({sides.legacy.url()}, {cached.url()}, terms));
    CHECK(cookie_of(fetch(ficus.port(), post)).empty());
  }
}
