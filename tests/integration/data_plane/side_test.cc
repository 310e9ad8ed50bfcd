// Which side a request goes to, in the order that the configuration documents.

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

struct Sides {
  HttpBackend legacy{"legacy"};
  HttpBackend fresh{"new"};

  std::string configuration(int weight, const std::string& route = {}) {
    TwoSides terms;
    terms.weight = weight;
    terms.route = route;
    return split({legacy.url()}, {fresh.url()}, terms);
  }
};

std::string side_of(RawClient& client, const std::string& fields = {},
                    const std::string& target = "/") {
  return client.exchange(request("GET " + target, fields)).header("X-Backend").value_or("none");
}

void set_weight(const FicusProcess& ficus, const std::string& weight) {
  const std::string json = R"({"reason": "test", "weight": )" + weight + "}";
  REQUIRE(ficus.admin_put("/api/v1/routes/shop/weight", json).status() == 200);
}

}  // namespace

TEST_CASE("data plane: weights 0 and 100 send nobody and everybody to the new side") {
  Sides sides;
  const int weight = GENERATE(0, 100);
  FicusProcess ficus(sides.configuration(weight));
  RawClient client(ficus.port());
  for (int i = 0; i < 200; ++i) side_of(client);
  CHECK(sides.fresh.requests() == (weight == 0 ? 0 : 200));
}

TEST_CASE("data plane: a share is exact, for GET and POST that alternate as well") {
  Sides sides;
  const int weight = GENERATE(5, 50, 80);
  FicusProcess ficus(sides.configuration(weight));
  RawClient client(ficus.port());
  for (int i = 0; i < 2000; ++i) {
    client.exchange(i % 2 == 0 ? request("GET /")
                               : request("POST /", "Content-Length: 1\r\n", "x"));
  }
  CHECK(sides.fresh.requests() >= static_cast<unsigned>(weight) * 20 - 1);
  CHECK(sides.fresh.requests() <= static_cast<unsigned>(weight) * 20 + 1);
  CHECK(sides.fresh.gets() > static_cast<unsigned>(weight) * 6);
  CHECK(sides.fresh.posts() > static_cast<unsigned>(weight) * 6);
}

TEST_CASE("data plane: a new weight is in force for the next request of an open connection") {
  Sides sides;
  FicusProcess ficus(sides.configuration(0));
  RawClient client(ficus.port());
  for (int i = 0; i < 10; ++i) {
    CHECK(side_of(client) == "legacy");
    set_weight(ficus, "100");
    CHECK(side_of(client) == "new");
    set_weight(ficus, "0");
  }
  CHECK(sides.legacy.connections() == 1);
  CHECK(sides.fresh.connections() == 1);
}

TEST_CASE("data plane: a sticky key keeps its side while the weight rises") {
  Sides sides;
  struct Key {
    std::string by;
    std::string before;  // of a field line or a target
    std::string after;
  };
  const Key kind =
      GENERATE(Key{"header:X-Account", "X-Account: ", "\r\n"},
               Key{"cookie:uid", "Cookie: a=b; uid=", "; z=1\r\n"}, Key{"query:user", "?", ""});
  FicusProcess ficus(sides.configuration(0, "sticky: {by: [\"" + kind.by + "\"]}"));
  RawClient client(ficus.port());
  std::vector<int> moved_at(100, 0);
  for (const int weight : {10, 50, 90, 100}) {
    set_weight(ficus, std::to_string(weight));
    int on_new = 0;
    for (std::size_t user = 0; user < moved_at.size(); ++user) {
      const std::string id = "u" + std::to_string(user);
      const std::string side = kind.by == "query:user"
                                   ? side_of(client, {}, "/?x=1&user=" + id + "&y=2")
                                   : side_of(client, kind.before + id + kind.after);
      if (side == "new") {
        ++on_new;
        if (moved_at[user] == 0) moved_at[user] = weight;
      } else {
        CHECK(moved_at[user] == 0);
      }
    }
    CHECK(on_new >= weight - 20);
    CHECK(on_new <= weight + 20);
  }
}

TEST_CASE("data plane: the client's address is a key, and the first present of a list wins") {
  Sides sides;
  FicusProcess ficus(sides.configuration(50, "sticky: {by: [\"header:X-Account\", client_ip]}"));
  std::string first;
  for (int i = 0; i < 20; ++i) {
    RawClient client(ficus.port());
    const std::string side = side_of(client);
    if (first.empty()) first = side;
    CHECK(side == first);
  }
  RawClient client(ficus.port());
  std::size_t on_new = 0;
  for (int i = 0; i < 50; ++i) {
    on_new += side_of(client, "X-Account: u" + std::to_string(i) + "\r\n") == "new" ? 1U : 0U;
  }
  CHECK(on_new > 5);
  CHECK(on_new < 45);
}

TEST_CASE("data plane: a generated key is given once, holds its side, and spares caches") {
  ScriptedBackend legacy(answer_each(ok("legacy")));
  ScriptedBackend fresh(answer_each(ok("new")));
  TwoSides terms;
  terms.weight = 50;
  terms.route = "sticky: {by: [generated]}";
  FicusProcess ficus(split({legacy.url()}, {fresh.url()}, terms));
  RawClient client(ficus.port());
  for (int user = 0; user < 10; ++user) {
    const HttpMessage first = client.exchange(request("GET /"));
    const auto cookies = first.all("Set-Cookie");
    REQUIRE(cookies.size() == 1);
    CHECK(cookies[0].starts_with("ficus_key="));
    CHECK_THAT(cookies[0], ContainsSubstring("; Path=/;") && ContainsSubstring("HttpOnly") &&
                               ContainsSubstring("SameSite=Lax"));
    const std::string key = cookies[0].substr(0, cookies[0].find(';'));
    CHECK(key.size() == std::string("ficus_key=").size() + 32);
    for (int i = 0; i < 5; ++i) {
      const HttpMessage next = client.exchange(request("GET /", "Cookie: " + key + "\r\n"));
      CHECK(next.body == first.body);
      CHECK_FALSE(next.header("Set-Cookie"));
    }
  }
  const std::string cacheable = ok("x", "Cache-Control: max-age=60\r\n");
  legacy.stop();
  fresh.stop();
  legacy.on_every_connection(answer_each(cacheable));
  fresh.on_every_connection(answer_each(cacheable));
  legacy.start();
  fresh.start();
  CHECK_FALSE(client.exchange(request("GET /")).header("Set-Cookie"));
  // Day 0 changes nothing.
  set_weight(ficus, "0");
  CHECK_FALSE(client.exchange(request("GET /")).header("Set-Cookie"));
}

TEST_CASE("data plane: assign rules are tried in order, before key and weight") {
  Sides sides;
  FicusProcess ficus(sides.configuration(
      0,
      "sticky: {by: [client_ip]}, assign: [{match: {headers: {X-Bot: \"yes\"}}, side: legacy}, "
      "{match: {headers: {X-Tenant: acme}, methods: [GET]}, side: new}, "
      "{match: {from: [192.0.2.0/24]}, side: new}]"));
  RawClient client(ficus.port());
  CHECK(side_of(client) == "legacy");
  CHECK(side_of(client, "x-tenant: acme\r\n") == "new");
  CHECK(side_of(client, "X-Tenant: acme2\r\n") == "legacy");
  CHECK(side_of(client, "X-Bot: yes\r\nX-Tenant: acme\r\n") == "legacy");
  CHECK(client.exchange(request("POST /", "X-Tenant: acme\r\n")).header("X-Backend") == "legacy");
  set_weight(ficus, "100");
  CHECK(side_of(client, "X-Bot: yes\r\n") == "legacy");
}

TEST_CASE("data plane: a rule sees no field that the request's Connection takes away") {
  Sides sides;
  FicusProcess ficus(
      sides.configuration(0,
                          "assign: [{match: {headers: {X-Tenant: acme}}, side: new}, "
                          "{match: {headers: {Upgrade: websocket}}, side: new}]"));
  RawClient client(ficus.port());
  CHECK(side_of(client, "X-Tenant: acme\r\n") == "new");
  CHECK(side_of(client, "X-Tenant: acme\r\nConnection: x-tenant\r\n") == "legacy");
  CHECK(side_of(client, "Upgrade: websocket\r\n") == "new");
}

TEST_CASE("data plane: a trusted address overrides all, the latch included, by header or cookie") {
  Sides sides;
  FicusProcess ficus(sides.configuration(
      0,
      "assign: [{match: {headers: {X-Bot: \"yes\"}}, side: legacy}], override: {header: "
      "X-Ficus-Side, cookie: ficus_side, from: [127.0.0.0/8]}"));
  RawClient client(ficus.port());
  const std::string fields =
      GENERATE("X-Ficus-Side: new\r\n", "x-ficus-side: new\r\nX-Bot: yes\r\n",
               "Cookie: a=b; ficus_side=new\r\n");
  CHECK(side_of(client) == "legacy");
  CHECK(side_of(client, fields) == "new");
  CHECK_THAT(sides.fresh.last_request(), !ContainsSubstring("-Side"));
  CHECK_THAT(sides.fresh.last_request(), !ContainsSubstring("-side:"));
  CHECK(side_of(client, "X-Ficus-Side: sideways\r\n") == "legacy");
  set_weight(ficus, "100");
  CHECK(side_of(client, "X-Ficus-Side: legacy\r\n") == "legacy");
  REQUIRE(ficus.admin_post("/api/v1/routes/shop/rollback", R"({"reason": "test"})").status() ==
          200);
  CHECK(side_of(client) == "legacy");
  CHECK(side_of(client, fields) == "new");
}

TEST_CASE("data plane: an untrusted address overrides nothing, nor does an unsigned value") {
  Sides sides;
  const std::string from =
      GENERATE("from: [192.0.2.0/24]", "secret: \"a-long-enough-secret-0123\"");
  FicusProcess ficus(
      sides.configuration(0, "override: {header: X-Ficus-Side, cookie: ficus_side, " + from + "}"));
  RawClient client(ficus.port());
  CHECK(side_of(client, "X-Ficus-Side: new\r\n") == "legacy");
  CHECK(side_of(client, "Cookie: ficus_side=new\r\n") == "legacy");
  CHECK(side_of(client, "X-Ficus-Side: new.99999999999." + std::string(64, '0') + "\r\n") ==
        "legacy");
}

TEST_CASE("data plane: a value signed with the secret overrides from anywhere, until it expires") {
  Sides sides;
  FicusProcess ficus(sides.configuration(
      0, "override: {header: X-Ficus-Side, secret: \"a-long-enough-secret-0123\"}"));
  RawClient client(ficus.port());
  // HMAC-SHA-256 of "new.4102444800" (the year 2100) and of "new.1000000000" (2001).
  const std::string mac = "8d63bf6bb44f639acfa8df47cd65beade43386914b0a81258fad71c47ef6b97a";
  const std::string old_mac = "10d22598b64ecf5eddd65bdd033c867073de98c4b2fcf78094190188c9a07839";
  CHECK(side_of(client, "X-Ficus-Side: new.4102444800." + mac + "\r\n") == "new");
  CHECK(side_of(client, "X-Ficus-Side: new.4102444801." + mac + "\r\n") == "legacy");
  CHECK(side_of(client, "X-Ficus-Side: new.1000000000." + old_mac + "\r\n") == "legacy");
}

TEST_CASE("data plane: a rollback frees everybody at once, sticky and assigned ones too") {
  Sides sides;
  FicusProcess ficus(
      sides.configuration(100,
                          "sticky: {by: [\"header:X-Account\"]}, "
                          "assign: [{match: {headers: {X-Tenant: acme}}, side: new}]"));
  RawClient client(ficus.port());
  CHECK(side_of(client, "X-Account: a\r\n") == "new");
  REQUIRE(ficus.admin_post("/api/v1/routes/shop/rollback", R"({"reason": "test"})").status() ==
          200);
  CHECK(side_of(client, "X-Account: a\r\n") == "legacy");
  CHECK(side_of(client, "X-Tenant: acme\r\n") == "legacy");
  CHECK(side_of(client) == "legacy");
}

TEST_CASE("data plane: an unhealthy side's requests go to the other one, before anything is sent") {
  Sides sides;
  const int weight = GENERATE(1, 100);
  HttpBackend& chosen = weight == 1 ? sides.legacy : sides.fresh;
  HttpBackend& other = weight == 1 ? sides.fresh : sides.legacy;
  const std::string check =
      ", health_check: {path: /, interval: 100ms, healthy_after: 1, unhealthy_after: 1}}";
  chosen.stop();
  FicusProcess ficus(
      "workers: 1\nbackends:\n  old: {endpoints: [\"" + sides.legacy.url() + "\"]" + check +
      "\n  fresh: {endpoints: [\"" + sides.fresh.url() + "\"]" + check +
      "\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, new: fresh, weight: " +
      std::to_string(weight) + ", guard: off}\n");
  RawClient client(ficus.port());
  const auto takes_all = [&](const std::string& name) {
    for (int i = 0; i < 5; ++i) {
      if (side_of(client) != name) return false;
    }
    return true;
  };
  CHECK(eventually([&] { return takes_all(other.name()); }));
  for (int i = 0; i < 20; ++i) CHECK(side_of(client) == other.name());
  CHECK(client.exchange(request("POST /", "Content-Length: 1\r\n", "x")).status() == 200);
  chosen.start();
  CHECK(eventually([&] { return takes_all(chosen.name()); }));
}
