#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;
using namespace std::chrono_literals;

namespace {

Config loaded(const std::string& text, const Scripted& around = {}) {
  LoadOutcome outcome = around.load(text);
  CAPTURE(texts(outcome));
  REQUIRE(outcome.config);
  return *outcome.config;
}

const char* const kWhole = R"(version: 1
revision: r7
workers: 3
state_dir: /var/lib/ficus
listeners:
  - address: "[::1]:8080"
    timeouts: {request_head: 1s, request_body_idle: 2s, keep_alive: 3s, write_idle: 4s}
admin: {address: 127.0.0.1:9999}
drain: {delay: 5s, timeout: 6s}
backends:
  old: {endpoints: ["http://10.0.0.5:9001", "http://[::1]"], build: 4f1c}
  fresh:
    endpoints: ["http://Shop.Internal:9002"]
    health_check: {path: /healthz, interval: 7s, timeout: 8s, healthy_after: 9, unhealthy_after: 10}
    outlier_detection: {consecutive_failures: 11, base_ejection_time: 12s, max_ejection_time: 13s, max_ejection_percent: 14.5}
    limits: {max_connections: 15, max_pending: 16}
    preconnect: 17
    build_header: X-Build
    timeouts: {connect: 11s, first_byte: 12s, idle: 13s, pool_idle: 14s, tunnel_idle: 15s}
routes:
  - name: shop
    match: {hosts: [A.b], path_prefix: /c, methods: [GET, PUT], headers: {X-T: acme}}
    legacy: old
    new: fresh
    weight: 2.5
    writes: separate
    sticky: {by: ["header:X-A", "cookie:uid", "query:q", client_ip, generated], group: g}
    assign:
      - {match: {methods: [GET], headers: {A: b}, from: [10.0.0.0/8]}, side: new}
      - {match: {methods: [PUT]}, side: legacy}
    override: {header: X-Side, cookie: side, from: [192.0.2.0/24], secret: key}
    fallback: {on: [connect_failure, reset, timeout, overflow, 502], max_body: 1KiB, budget_percent: 7.5}
    guard:
      mode: observe
      max_error_rate: 2.25
      slow_start: false
      unhealthy_grace: 16s
      failures: {statuses: [404, 500-503], header: "X-Outcome: failed"}
      judge: {window: 17s, min_requests: 18}
)";

}  // namespace

TEST_CASE("every key arrives: outside the routes") {
  const Config config = loaded(kWhole);
  CHECK(config.revision == "r7");
  CHECK(config.workers == 3);
  CHECK(config.state_dir == "/var/lib/ficus");
  REQUIRE(config.listeners.size() == 1);
  const Listener& listener = config.listeners[0];
  CHECK(listener.address() == "[::1]:8080");
  CHECK(listener.at.line == 6);
  CHECK(listener.at.column == 5);
  CHECK(listener.timeouts.request_head == 1s);
  CHECK(listener.timeouts.request_body_idle == 2s);
  CHECK(listener.timeouts.keep_alive == 3s);
  CHECK(listener.timeouts.write_idle == 4s);
  CHECK(config.admin.address() == "127.0.0.1:9999");
  CHECK(config.drain.delay == 5s);
  CHECK(config.drain.timeout == 6s);
  REQUIRE(config.backends.size() == 2);
  CHECK(config.backends[0].name == "old");
  CHECK(config.backends[0].build == "4f1c");
  REQUIRE(config.backends[0].endpoints.size() == 2);
  CHECK(config.backends[0].endpoints[0].text == "http://10.0.0.5:9001");
  CHECK(config.backends[0].endpoints[0].host == "10.0.0.5");
  CHECK(config.backends[0].endpoints[0].port == 9001);
  CHECK(config.backends[0].endpoints[1].host == "::1");
  CHECK(config.backends[0].endpoints[1].port == 80);
  CHECK_FALSE(config.backends[0].health_check);
  const Backend& fresh = config.backends[1];
  CHECK(fresh.endpoints[0].host == "shop.internal");
  REQUIRE(fresh.health_check);
  CHECK(fresh.health_check->path == "/healthz");
  CHECK(fresh.health_check->interval == 7s);
  CHECK(fresh.health_check->timeout == 8s);
  CHECK(fresh.health_check->healthy_after == 9);
  CHECK(fresh.health_check->unhealthy_after == 10);
  REQUIRE(fresh.outlier_detection);
  CHECK(fresh.outlier_detection->consecutive_failures == 11);
  CHECK(fresh.outlier_detection->base_ejection_time == 12s);
  CHECK(fresh.outlier_detection->max_ejection_time == 13s);
  CHECK(fresh.outlier_detection->max_ejection_percent == 14.5);
  CHECK(fresh.limits.max_connections == 15);
  CHECK(fresh.limits.max_pending == 16);
  CHECK(fresh.preconnect == 17);
  CHECK(fresh.build_header == "X-Build");
  CHECK_FALSE(fresh.build);
  CHECK(fresh.timeouts.connect == 11s);
  CHECK(fresh.timeouts.first_byte == 12s);
  CHECK(fresh.timeouts.idle == 13s);
  CHECK(fresh.timeouts.pool_idle == 14s);
  CHECK(fresh.timeouts.tunnel_idle == 15s);
}

TEST_CASE("every key arrives: matching and choice of side") {
  const Route route = loaded(kWhole).routes.at(0);
  CHECK(route.name == "shop");
  CHECK(route.at.line == 21);
  CHECK(route.match.hosts == std::vector<std::string>{"a.b"});
  CHECK(route.match.path_prefix == "/c");
  CHECK_FALSE(route.match.path);
  CHECK(route.match.methods == std::vector<std::string>{"GET", "PUT"});
  REQUIRE(route.match.headers.size() == 1);
  CHECK(route.match.headers[0].name == "X-T");
  CHECK(route.match.headers[0].value == "acme");
  CHECK(route.legacy == "old");
  CHECK(route.fresh == "fresh");
  CHECK(route.weight.basis_points() == 250);
  CHECK(route.writes == Writes::separate);
  REQUIRE(route.sticky);
  REQUIRE(route.sticky->by.size() == 5);
  CHECK(route.sticky->by[0].kind == StickySource::Kind::header);
  CHECK(route.sticky->by[0].name == "X-A");
  CHECK(route.sticky->by[1].kind == StickySource::Kind::cookie);
  CHECK(route.sticky->by[2].kind == StickySource::Kind::query);
  CHECK(route.sticky->by[3].kind == StickySource::Kind::client_ip);
  CHECK(route.sticky->by[4].kind == StickySource::Kind::generated);
  CHECK(route.sticky->group == "g");
  REQUIRE(route.assign.size() == 2);
  CHECK(route.assign[0].side == SideName::fresh);
  CHECK(route.assign[0].methods.size() == 1);
  CHECK(route.assign[0].headers.size() == 1);
  CHECK(route.assign[0].from == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(route.assign[1].side == SideName::legacy);
  REQUIRE(route.override_by);
  CHECK(route.override_by->header == "X-Side");
  CHECK(route.override_by->cookie == "side");
  CHECK(route.override_by->from == std::vector<std::string>{"192.0.2.0/24"});
  CHECK(route.override_by->secret == "key");
}

TEST_CASE("every key arrives: fallback and guard") {
  const Route route = loaded(kWhole).routes.at(0);
  REQUIRE(route.fallback);
  CHECK(route.fallback->causes.size() == 4);
  CHECK(route.fallback->statuses == std::vector<int>{502});
  CHECK(route.fallback->max_body == 1024);
  CHECK(route.fallback->budget_percent == 7.5);
  const Guard& guard = route.guard;
  CHECK(guard.mode == GuardMode::observe);
  CHECK(guard.max_error_rate == 2.25);
  CHECK_FALSE(guard.slow_start);
  CHECK(guard.unhealthy_grace == 16s);
  REQUIRE(guard.failures.statuses.size() == 2);
  CHECK(guard.failures.statuses[0].first == 404);
  CHECK(guard.failures.statuses[0].last == 404);
  CHECK(guard.failures.statuses[1].first == 500);
  CHECK(guard.failures.statuses[1].last == 503);
  REQUIRE(guard.failures.header);
  CHECK(guard.failures.header->name == "X-Outcome");
  CHECK(guard.failures.header->value == "failed");
  REQUIRE(guard.judge);
  CHECK(guard.judge->window == 17s);
  CHECK(guard.judge->min_requests == 18);
}

TEST_CASE("what is not given keeps the model's defaults") {
  const Config config = loaded(with_route("weight: 5"));
  CHECK(config.workers == 0);
  CHECK(config.admin.address() == Admin{}.address());
  CHECK(config.listeners[0].timeouts.keep_alive == ListenerTimeouts{}.keep_alive);
  const Route& route = config.routes[0];
  CHECK(route.guard.mode == GuardMode::enforce);
  CHECK(route.guard.failures.statuses.size() == 1);
  CHECK_FALSE(route.sticky);
  CHECK_FALSE(route.fallback);
  CHECK_FALSE(route.override_by);
  CHECK(route.writes == Writes::unstated);
}

TEST_CASE("defaults are put under each route and backend, key by key") {
  const Config config = loaded(
      "defaults:\n"
      "  guard: {max_error_rate: 2, judge: {window: 1m}, failures: {statuses: 404}}\n"
      "  sticky: {by: [client_ip]}\n"
      "  timeouts: {connect: 1s, idle: 9s}\n"
      "  fallback: {on: [reset], budget_percent: 10}\n" +
      with_routes("  - {name: a, match: {path: /a}, legacy: old-shop, new: new-shop}\n"
                  "  - {name: b, match: {path: /b}, legacy: old-shop, new: new-shop,\n"
                  "     guard: {max_error_rate: 3, judge: {min_requests: 7}}, sticky: {group: g},\n"
                  "     fallback: {max_body: 1KiB}}\n"
                  "  - {name: c, match: {path: /c}, legacy: old-shop, guard: off, sticky: off, "
                  "fallback: off}\n"));
  const Route& a = config.routes[0];
  CHECK(a.guard.max_error_rate == 2);
  REQUIRE(a.guard.judge);
  CHECK(a.guard.judge->window == 1min);
  CHECK(a.guard.judge->min_requests == PlainWindow{}.min_requests);
  CHECK(a.guard.failures.statuses[0].first == 404);
  REQUIRE(a.sticky);
  REQUIRE(a.fallback);
  CHECK(a.fallback->budget_percent == 10);
  const Route& b = config.routes[1];
  CHECK(b.guard.max_error_rate == 3);
  CHECK(b.guard.judge->window == 1min);
  CHECK(b.guard.judge->min_requests == 7);
  CHECK(b.sticky->by.size() == 1);
  CHECK(b.sticky->group == "g");
  CHECK(b.fallback->causes.size() == 1);
  CHECK(b.fallback->max_body == 1024);
  const Route& c = config.routes[2];
  CHECK(c.guard.mode == GuardMode::off);
  CHECK_FALSE(c.sticky);
  CHECK_FALSE(c.fallback);
  CHECK(config.backends[0].timeouts.connect == 1s);
  CHECK(config.backends[1].timeouts.idle == 9s);
  CHECK(config.backends[1].timeouts.first_byte == BackendTimeouts{}.first_byte);
}

TEST_CASE("a default without what makes it work stays without effect") {
  const Config config = loaded("defaults: {sticky: {group: g}, fallback: {max_body: 1KiB}}\n" +
                               with_route("weight: 5"));
  CHECK_FALSE(config.routes[0].sticky);
  CHECK_FALSE(config.routes[0].fallback);
}

TEST_CASE("a fault in the defaults is told once, at its place") {
  CHECK(told("defaults: {sticky: {by: [ip]}}\n" +
             with_routes("  - {name: a, match: {path: /a}, legacy: old-shop}\n"
                         "  - {name: b, match: {path: /b}, legacy: old-shop}\n")) ==
        "f.yaml:1:26: defaults.sticky.by[0]: `ip` is not a source; allowed: header:NAME, "
        "cookie:NAME, query:NAME, client_ip, generated\n");
  CHECK_THAT(told("defaults: {sticky: {by: [generated, client_ip]}}\n" + with_route("weight: 5")),
             ContainsSubstring("f.yaml:1:26: defaults.sticky.by[0]: "));
  CHECK_THAT(told("defaults: {fallback: {on: []}}\n" + with_route("weight: 5")),
             ContainsSubstring("f.yaml:1:27: defaults.fallback.on: "));
}

TEST_CASE("all faults of a file come in one go, in the order of the file") {
  CHECK(told("version: 1\n"
             "listeners: [{address: \":80\", tls: {}}]\n"
             "drian: {}\n"
             "backends:\n"
             "  a: {endpoints: [\"ftp://a\"]}\n"
             "  a: {endpoints: [\"http://a\"]}\n"
             "routes:\n"
             "  - name: x\n"
             "    legacy: b\n"
             "    weight: 5%\n"
             "    guard: {mode: on, judge: {window: 5}}\n") ==
        "f.yaml:2:23: listeners[0].address: `:80` names no address; for all of them write "
        "0.0.0.0:8080 or [::]:8080, with your port\n"
        "f.yaml:2:35: listeners[0].tls: `certificates` is missing; Chosen by the name that a "
        "client asks for; the first if none has it.\n"
        "f.yaml:3:1: drian: is an unknown key; did you mean `drain`?\n"
        "f.yaml:5:19: backends.a.endpoints[0]: `ftp://a` is not a URL; write http://host:port, "
        "https://host:port or unix:/path\n"
        "f.yaml:6:3: backends.a: a duplicate key; it is already given in line 5\n"
        "f.yaml:9:13: routes[0].legacy: there is no backend `b`; did you mean `a`?\n"
        "f.yaml:10:5: routes[0].weight: needs both sides, `legacy` and `new`; with one side all "
        "requests go there\n"
        "f.yaml:10:13: routes[0].weight: `5%` has a percent sign; write the number alone, it is in "
        "percent; allowed: 0 to 100\n"
        "f.yaml:11:19: routes[0].guard.mode: `on` is not one of enforce | observe | off\n"
        "f.yaml:11:39: routes[0].guard.judge.window: `5` has no unit; a duration is a whole number "
        "with ms, s, m or h, such as 250ms or 10s; allowed: 1s to 10m\n");
}

TEST_CASE("columns count bytes") {
  CHECK_THAT(told(with_line("drain: {delay: \"ä\", zzzzz: 1}")),
             ContainsSubstring("f.yaml:1:22: drain.zzzzz"));
}

TEST_CASE("the hash follows the meaning: values put in, but no comments or layout") {
  const std::string text = with_route("weight: 5") + "revision: ${R}\n";
  const Scripted one{{{"R", "1"}}, {}, {}};
  const Scripted two{{{"R", "2"}}, {}, {}};
  const std::string hash = loaded(text, one).hash;
  CHECK(hash.size() == 64);
  CHECK(loaded("# a comment\n\n" + text, one).hash == hash);
  CHECK(loaded(text, two).hash != hash);
  CHECK(loaded(with_route("weight: 6") + "revision: ${R}\n", one).hash != hash);
}
