#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

std::string listener(const std::string& address) {
  const std::string text = with_route("weight: 5");
  const std::string old = "0.0.0.0:8080";
  return std::string(text).replace(text.find(old), old.size(), "\"" + address + "\"");
}

std::string endpoints(const std::string& list) {
  return "version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends: {a: {endpoints: [" + list +
         "]}}\nroutes: [{name: x, legacy: a}]\n";
}

std::string backend(const std::string& more) {
  return "version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends: {a: {endpoints: "
         "[\"http://a\"], " +
         more + "}}\nroutes: [{name: x, legacy: a}]\n";
}

}  // namespace

TEST_CASE("the version is 1 and must be given") {
  CHECK(told("listeners: [{address: 0.0.0.0:80}]\nbackends: {a: {endpoints: [\"http://a\"]}}\n"
             "routes: [{name: x, legacy: a}]\n") ==
        "f.yaml:1:1: `version` is missing; Version of this format.\n");
  CHECK_THAT(told("version: 2\n"), ContainsSubstring("f.yaml:1:10: version: `2` is more than"));
  CHECK_THAT(told("version: \"1\"\n"), ContainsSubstring("is in quotes; write it without"));
}

TEST_CASE("unknown keys get a suggestion or the list of known ones") {
  CHECK(told(with_route("wieght: 5")) ==
        "f.yaml:7:51: routes[0].wieght: is an unknown key; did you mean `weight`?\n");
  CHECK_THAT(told(with_line("zzzzzzzz: 1")),
             ContainsSubstring("known here: access_log, admin, backends"));
  CHECK(told(with_line("drain: {zzzzz: 1}")) ==
        "f.yaml:1:9: drain.zzzzz: is an unknown key; known here: delay, timeout\n");
}

TEST_CASE("a key without a value is told at the key") {
  CHECK(told(with_line("drain:")) ==
        "f.yaml:1:1: drain: has no value; give it one (map) or remove the key\n");
  CHECK_THAT(told(with_route("weight: ~")),
             ContainsSubstring("f.yaml:7:51: routes[0].weight: has no"));
}

TEST_CASE("wrong types are told with the type that is needed") {
  CHECK(told(with_line("drain: 5s")) == "f.yaml:1:8: drain: `5s` is a single value; needed: map\n");
  CHECK_THAT(told(with_line("drain: [5s]")), ContainsSubstring("is a list; needed: map"));
  CHECK_THAT(told(with_line("include: a.yaml")), ContainsSubstring("put brackets around it"));
  CHECK_THAT(told(with_line("include: [[a]]")),
             ContainsSubstring("include[0]: is a list; needed: text"));
  CHECK_THAT(told(with_line("workers: {a: 1}")),
             ContainsSubstring("is a map; needed: number or auto"));
  CHECK_THAT(told(with_line("workers: many")),
             ContainsSubstring("is not a whole number; allowed: 1 to 256"));
  CHECK_THAT(told(with_line("workers: 257")), ContainsSubstring("is more than allowed: 1 to 256"));
  CHECK_THAT(told(with_line("workers: 0")), ContainsSubstring("is less than allowed: 1 to 256"));
  CHECK(told(with_line("workers: auto")).empty());
  CHECK_THAT(told(with_line("defaults: {guard: {slow_start: yes}}")),
             ContainsSubstring("`yes` is neither true nor false"));
  CHECK_THAT(told(with_line("state_dir: var")), ContainsSubstring("is not an absolute path"));
}

TEST_CASE("a listener is a literal address with a port") {
  for (const char* good : {"127.0.0.1:0", "[::]:8080", "[::1]:65535", "10.1.2.3:1"}) {
    CHECK(told(listener(good)).empty());
  }
  const auto says = [](const char* address, const char* problem) {
    CAPTURE(address);
    CHECK_THAT(told(listener(address)), ContainsSubstring("f.yaml:2:23: listeners[0].address: ") &&
                                            ContainsSubstring(problem));
  };
  says(":8080", "for all of them write 0.0.0.0:8080 or [::]:8080");
  says("*:8080", "for all of them write 0.0.0.0:8080 or [::]:8080");
  says("8080", "is only a port");
  says("localhost:8080", "is a name; write the address: 127.0.0.1");
  says("example.com:8080", "does not begin with an IP address");
  says("10.0.0.1", "has no port");
  says("10.0.0.1:", "has no valid port");
  says("10.0.0.1:65536", "has no valid port");
  says("10.0.0.256:80", "does not begin with an IP address");
  says("::1", "has no brackets");
  says("[::1]", "has no port");
  says("[::g]:80", "does not begin with an IP address");
  says("unix:/run/x", "not in this version");
}

TEST_CASE("listener addresses differ, but for port 0") {
  const std::string rest =
      "backends: {a: {endpoints: [\"http://a\"]}}\nroutes: [{name: x, legacy: a}]\n";
  CHECK(
      told("version: 1\nlisteners: [{address: 127.0.0.1:80}, {address: 127.0.0.1:80}]\n" + rest) ==
      "f.yaml:2:48: listeners[1].address: `127.0.0.1:80` is already used in f.yaml:2\n");
  CHECK(told("version: 1\nlisteners: [{address: 127.0.0.1:0}, {address: 127.0.0.1:0}]\n" + rest)
            .empty());
  CHECK_THAT(
      told("version: 1\nlisteners: [{address: 127.0.0.1:80}]\nadmin: {address: 127.0.0.1:80}\n" +
           rest),
      ContainsSubstring("f.yaml:3:18: admin.address: `127.0.0.1:80` is already used"));
}

TEST_CASE("admin and metrics share their ports with nobody") {
  const auto with = [](const std::string& listener, const std::string& rest) {
    return told("version: 1\nlisteners: [{address: '" + listener + "'}]\n" + rest +
                "backends: {a: {endpoints: [\"http://a\"]}}\nroutes: [{name: x, legacy: a}]\n");
  };
  CHECK(with("0.0.0.0:80", "metrics: {address: 0.0.0.0:80}\n") ==
        "f.yaml:3:20: metrics.address: `0.0.0.0:80` is already used in f.yaml:2\n");
  CHECK(with("0.0.0.0:80", "metrics: {address: 127.0.0.1:80}\n") ==
        "f.yaml:3:20: metrics.address: `127.0.0.1:80` takes the port of `0.0.0.0:80` in f.yaml:2; "
        "write another port\n");
  CHECK(with("127.0.0.1:80", "admin: {address: 127.0.0.1:81}\nmetrics: {address: 0.0.0.0:81}\n") ==
        "f.yaml:4:20: metrics.address: `0.0.0.0:81` takes the port of `127.0.0.1:81` in f.yaml:3; "
        "write another port\n");
  CHECK(with("0.0.0.0:80", "metrics: {address: 0.0.0.0:9901}\n") ==
        "f.yaml:3:20: metrics.address: `0.0.0.0:9901` takes the port of the admin API, which is "
        "127.0.0.1:9901 unless `admin.address` is another\n");
  CHECK_THAT(with("127.0.0.1:9901", ""),
             ContainsSubstring("f.yaml:2:23: listeners[0].address: `127.0.0.1:9901` takes the port "
                               "of the admin API"));
  for (const char* sound : {"10.0.0.1:9901", "0.0.0.0:0", "'[::]:80'", "'[::1]:9901'"}) {
    INFO(sound);
    CHECK(with("0.0.0.0:80", "metrics: {address: " + std::string(sound) + "}\n").empty());
  }
  CHECK(with("0.0.0.0:80", "metrics: {address: 0.0.0.0:9901}\nadmin: {address: 127.0.0.1:81}\n")
            .empty());
}

TEST_CASE("metrics are given at any address, or not at all") {
  CHECK(told(with_line("metrics: {address: 0.0.0.0:9902}")).empty());
  CHECK_THAT(told(with_line("metrics: {}")), ContainsSubstring("metrics: `address` is missing"));
  CHECK_THAT(told(with_line("metrics: 9902")), ContainsSubstring("f.yaml:1:10: metrics: "));
  CHECK_THAT(told(with_line("metrics: {address: 9902}")),
             ContainsSubstring("f.yaml:1:20: metrics.address: `9902` "));
  CHECK_THAT(told(with_line("metrics: {address: 'unix:/run/m'}")),
             ContainsSubstring("is a Unix socket, which is not in this version"));
  CHECK_THAT(told(with_line("metrics: {address: 0.0.0.0:9902, token: x}")),
             ContainsSubstring("metrics.token: is an unknown key"));
}

TEST_CASE("at least one listener and one route are needed") {
  CHECK_THAT(told("version: 1\nlisteners: []\n"),
             ContainsSubstring("f.yaml:2:12: listeners: is empty"));
  CHECK_THAT(told("version: 1\n"), ContainsSubstring("`listeners` is missing"));
  CHECK_THAT(told("version: 1\n"), ContainsSubstring("f.yaml:1:1: no route is given"));
  CHECK_THAT(told("version: 1\nroutes: []\n"),
             ContainsSubstring("f.yaml:2:9: routes: no route is given"));
}

TEST_CASE("the admin API stays on loopback") {
  for (const char* good : {"127.0.0.1:0", "127.1.2.3:9901", "'[::1]:9901'"}) {
    CHECK(told(with_line("admin: {address: " + std::string(good) + "}")).empty());
  }
  CHECK_THAT(
      told(with_line("admin: {address: 0.0.0.0:9901}")),
      ContainsSubstring("f.yaml:1:18: admin.address: `0.0.0.0:9901` is not a loopback address"));
  CHECK_THAT(told(with_line("admin: {address: '[::]:9901'}")),
             ContainsSubstring("is not a loopback"));
}

TEST_CASE("TLS of a listener needs certificates, that of a backend an https endpoint") {
  const auto listener = [](const std::string& tls) {
    return told("version: 1\nlisteners: [{address: \"0.0.0.0:1\", tls: " + tls +
                "}]\nbackends: {a: {endpoints: [\"http://a\"]}}\nroutes: [{name: r, legacy: a}]\n");
  };
  CHECK(listener("{certificates: [{certificate: c, private_key: k}], min_version: 1.3}").empty());
  CHECK_THAT(listener("{}"), ContainsSubstring("listeners[0].tls: `certificates` is missing"));
  CHECK_THAT(listener("{certificates: []}"), ContainsSubstring("tls.certificates: is empty"));
  CHECK_THAT(listener("{certificates: [{certificate: c}]}"),
             ContainsSubstring("`private_key` is missing"));
  CHECK_THAT(listener("{certificates: [{certificate: \"\", private_key: k}]}"),
             ContainsSubstring("is empty; give the path of a file"));
  CHECK_THAT(listener("{certificates: [{certificate: c, private_key: k}], min_version: 1.1}"),
             ContainsSubstring("`1.1` is not one of 1.2 | 1.3"));

  const auto backend = [](const std::string& url, const std::string& tls) {
    return told("version: 1\nlisteners: [{address: \"0.0.0.0:1\"}]\nbackends: {a: {endpoints: [\"" +
                url + "\"], tls: " + tls + "}}\nroutes: [{name: r, legacy: a}]\n");
  };
  CHECK(
      backend("https://a", "{ca: c, server_name: A.test, certificate: c, private_key: k}").empty());
  CHECK_THAT(backend("http://a", "{ca: c}"), ContainsSubstring("no endpoint begins with https://"));
  CHECK_THAT(backend("https://a", "{certificate: c}"),
             ContainsSubstring("backends.a.tls: `private_key` is missing"));
  CHECK_THAT(backend("https://a", "{ca: c, verify: false}"),
             ContainsSubstring("backends.a.tls.ca: is without effect"));
  CHECK_THAT(backend("https://a", "{server_name: \"a:1\"}"),
             ContainsSubstring("is not a host name or address"));
}

TEST_CASE("an endpoint is http or https, a host and a port") {
  for (const char* good : {"\"http://a\"", "\"HTTP://A.b:1\"", "\"http://[::1]:9001\"",
                           "\"http://10.0.0.5:9001\", \"http://10.0.0.5:9002\"", "\"https://a\"",
                           "\"HTTPS://[::1]:9443\", \"http://b\""}) {
    CHECK(told(endpoints(good)).empty());
  }
  const auto says = [](const std::string& endpoint, const char* problem) {
    CAPTURE(endpoint);
    CHECK_THAT(
        told(endpoints("\"" + endpoint + "\"")),
        ContainsSubstring("f.yaml:3:28: backends.a.endpoints[0]: ") && ContainsSubstring(problem));
  };
  says("unix:run/a.sock", "has no absolute path; write unix:/run/shop.sock");
  says("unix:///run/a.sock", "has no absolute path");
  says("unix:/run/", "is a folder");
  says("unix:/" + std::string(107, 'a'), "has a path of 108 bytes; a socket's has at most 107");
  says("10.0.0.5:9001", "is not a URL; write http://host:port, https://host:port or unix:/path");
  says("ftp://a", "is not a URL");
  says("https://a/b", "has something after host and port");
  says("http://a/", "has something after host and port");
  says("http://a?x", "has something after host and port");
  says("http://user:pass@a", "has a user name");
  says("http://", "has no valid host");
  says("http://a:0", "has no valid port");
  says("http://a:99999", "has no valid port");
  says("http://a b", "has no valid host");
  says("http://1.2.3", "has no valid host");
  says("http://::1", "has no valid");
  CHECK_THAT(told(endpoints("")), ContainsSubstring("f.yaml:3:27: backends.a.endpoints: is empty"));
  CHECK_THAT(told(endpoints("\"http://a\", \"http://A:80\"")),
             ContainsSubstring("backends.a.endpoints[1]: `http://A:80` is named twice"));
}

TEST_CASE("backends have names of the common grammar, endpoints, and checks with a path") {
  CHECK_THAT(told(with_line("x: 1")), ContainsSubstring("unknown key"));
  const std::string rest =
      "version: 1\nlisteners: [{address: 0.0.0.0:80}]\nroutes: [{name: x, legacy: a}]\n";
  CHECK_THAT(told(rest + "backends: {A: {endpoints: [\"http://a\"]}}"),
             ContainsSubstring("f.yaml:4:12: backends.A: `A` has capital letters"));
  CHECK_THAT(told(rest + "backends: {a: {}}"), ContainsSubstring("`endpoints` is missing"));
  CHECK(told(backend("health_check: {}")) == "");
  CHECK_THAT(told(backend("health_check: {path: x}")), ContainsSubstring("is not a path"));
  CHECK(told(backend("health_check: {path: \"/x?full=1\"}")) == "");
  CHECK_THAT(told(backend("timeouts: {connect: 2}")), ContainsSubstring("has no unit"));
  CHECK_THAT(told(backend("timeouts: {connect: 1h}")),
             ContainsSubstring("`1h` is more than allowed: 10ms to 5m"));
}

TEST_CASE("outlier detection and limits are told when they cannot be meant") {
  CHECK(told(backend("outlier_detection: {}, limits: {max_connections: 1, max_pending: 0}")) == "");
  CHECK_THAT(told(backend("outlier_detection: {max_ejection_time: 1s}")),
             ContainsSubstring("`1s` is less than `base_ejection_time` (30s)"));
  CHECK(told(backend("outlier_detection: {base_ejection_time: 10m}")) == "");
  CHECK_THAT(told(backend("outlier_detection: {consecutive_5xx: 5}")),
             ContainsSubstring("is an unknown key"));
  CHECK_THAT(told(backend("limits: {max_connections: 0}")), ContainsSubstring("is less than"));
  CHECK_THAT(told(backend("limits: {max_connections: off}")),
             ContainsSubstring("is not a whole number"));
  CHECK_THAT(told(backend("preconnect: 65")), ContainsSubstring("is more than allowed: 0 to 64"));
}

TEST_CASE("a build is a word, known in one way") {
  CHECK(told(backend("build: 4f1c")) == "");
  CHECK(told(backend("build: \"" + std::string(64, 'x') + "\"")) == "");
  CHECK(told(backend("build_header: X-Build")) == "");
  CHECK(told(backend("build: \"\"")) ==
        "f.yaml:3:48: backends.a.build: `` is empty; allowed: 1 to 64 visible ASCII characters, "
        "no blank\n");
  CHECK_THAT(told(backend("build: \"" + std::string(65, 'x') + "\"")),
             ContainsSubstring("is too long; allowed: 1 to 64"));
  CHECK_THAT(told(backend("build: 4f 1c")),
             ContainsSubstring("`4f 1c` has characters that a build cannot have"));
  CHECK_THAT(told(backend("build: \"4f\\x7f\"")), ContainsSubstring("cannot have"));
  CHECK_THAT(told(backend("build: größe")), ContainsSubstring("cannot have"));
  CHECK_THAT(told(backend("build_header: \"X-Build:\"")),
             ContainsSubstring("ends in a colon; write the header's name alone"));
  CHECK_THAT(told(backend("build_header: X Build")), ContainsSubstring("is not a header name"));
  CHECK_THAT(told(backend("build: [4f1c]")), ContainsSubstring("is a list; needed: text"));
  CHECK(told(backend("build: 4f1c, build_header: X-Build")) ==
        "f.yaml:3:48: backends.a.build: a backend's build is known in one way: remove `build` if "
        "its answers say it in `build_header`, else remove `build_header`\n");
}
