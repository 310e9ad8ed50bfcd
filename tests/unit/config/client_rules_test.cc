// The keys about clients: trusted proxies, limits, timeouts of an exchange; and tolerance.
#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

std::string listener(const std::string& more) {
  return "version: 1\nlisteners: [{address: 0.0.0.0:80, " + more +
         "}]\nbackends: {a: {endpoints: [\"http://a\"]}}\nroutes: [{name: x, legacy: a}]\n";
}

std::string backend(const std::string& more) {
  return "version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends: {a: {endpoints: "
         "[\"http://a\"], " +
         more + "}}\nroutes: [{name: x, legacy: a}]\n";
}

Config loaded(const std::string& text) {
  const LoadOutcome outcome = Scripted{}.load(text);
  CAPTURE(texts(outcome));
  REQUIRE(outcome.config);
  return *outcome.config;
}

}  // namespace

TEST_CASE("a listener's terms for proxies in front of it are read") {
  const Config config = loaded(
      listener("trusted_proxies: [10.0.0.0/8, \"2001:db8::/32\"], proxy_protocol: v2, forwarding: "
               "{x_forwarded: replace, forwarded: add}, timeouts: {request: 90s}"));
  const Listener& read = config.listeners.front();
  CHECK(read.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "2001:db8::/32"});
  CHECK(read.proxy_protocol == ProxyProtocol::v2);
  CHECK(read.forwarding.x_forwarded == Forwarding::XForwarded::replace);
  CHECK(read.forwarding.forwarded == Forwarding::Forwarded::add);
  CHECK(read.timeouts.request == milliseconds(90'000));
  CHECK_FALSE(loaded(listener("timeouts: {request: off}")).listeners.front().timeouts.request);
}

TEST_CASE("what a listener's terms cannot be is told") {
  CHECK(told(listener("trusted_proxies: [10.0.0.1/8]")) ==
        "f.yaml:2:53: listeners[0].trusted_proxies[0]: `10.0.0.1/8` has bits set after its prefix "
        "length; set them to zero\n");
  CHECK_THAT(told(listener("trusted_proxies: [balancer]")),
             ContainsSubstring("`balancer` is not an address or CIDR"));
  CHECK_THAT(told(listener("proxy_protocol: v3")),
             ContainsSubstring("`v3` is not one of off | v1 | v2"));
  CHECK_THAT(told(listener("forwarding: {forwarded: append}")),
             ContainsSubstring("is not one of auto | add | off"));
  CHECK_THAT(told(listener("timeouts: {request: 90}")), ContainsSubstring("has no unit"));
  CHECK_THAT(told(listener("timeouts: {request: never}")), ContainsSubstring("100ms to 24h"));
}

TEST_CASE("limits are read, each with its word for none") {
  const Config config =
      loaded(with_line("limits: {max_connections: 500, max_connections_per_client: 20, "
                       "max_header_bytes: 64KiB, max_headers: 200, max_uri_bytes: 16KiB, "
                       "max_body_bytes: 10MiB}"));
  CHECK(config.limits.max_connections == 500u);
  CHECK(config.limits.max_connections_per_client == 20u);
  CHECK(config.limits.max_header_bytes == 64u * 1024);
  CHECK(config.limits.max_headers == 200u);
  CHECK(config.limits.max_uri_bytes == 16u * 1024);
  CHECK(config.limits.max_body_bytes == 10u * 1024 * 1024);
  const Config none =
      loaded(with_line("limits: {max_connections: auto, max_connections_per_client: off, "
                       "max_body_bytes: unlimited}"));
  CHECK_FALSE(none.limits.max_connections);
  CHECK_FALSE(none.limits.max_connections_per_client);
  CHECK_FALSE(none.limits.max_body_bytes);
}

TEST_CASE("a limit that is none is told with what is allowed") {
  const auto says = [](const char* limits, const char* problem) {
    CAPTURE(limits);
    CHECK_THAT(told(with_line("limits: {" + std::string(limits) + "}")),
               ContainsSubstring(problem));
  };
  says("max_connections: 0", "is less than allowed");
  says("max_connections: off", "is not a whole number");
  says("max_connections_per_client: auto", "is not a whole number");
  says("max_header_bytes: 100B", "is less than allowed: 1KiB to 256KiB");
  says("max_headers: 5", "is less than allowed: 10 to 1000");
  says("max_uri_bytes: 8", "has no unit");
  says("max_body_bytes: off", "allowed: 0B to");
}

TEST_CASE("what is tolerated of a backend is read, and only what can be") {
  const Tolerance all =
      loaded(backend("tolerate: [bare_lf, header_name_space, duplicate_equal_length]"))
          .backends.front()
          .tolerate;
  CHECK(all.bare_lf);
  CHECK(all.header_name_space);
  CHECK(all.duplicate_equal_length);
  CHECK_FALSE(loaded(backend("tolerate: []")).backends.front().tolerate.bare_lf);
  CHECK_THAT(
      told(backend("tolerate: [bare_fl]")),
      ContainsSubstring("`bare_fl` cannot be tolerated; allowed: header_name_space, bare_lf, "
                        "duplicate_equal_length; did you mean `bare_lf`?"));
  CHECK_THAT(told(backend("tolerate: bare_lf")), ContainsSubstring("put brackets around it"));
}
