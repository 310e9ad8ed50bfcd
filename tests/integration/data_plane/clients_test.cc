// Who a client is: PROXY headers, trusted proxies, and what backends are told about the way here.

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

std::string in_front_of(const ScriptedBackend& backend, const std::string& listener,
                        const std::string& route = {}) {
  return "workers: 1\nlisteners: [{address: \"127.0.0.1:0\", " + listener +
         "}]\nbackends:\n  only: {endpoints: [\"" + backend.url() +
         "\"]}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only" + route +
         "}\n";
}

std::string metric(const FicusProcess& ficus, const std::string& name) {
  const std::string all = ficus.admin_get("/metrics").body;
  const std::size_t at = all.find("\n" + name);
  if (at == std::string::npos) return "none";
  const std::size_t space = all.find(' ', at + name.size());
  return all.substr(space + 1, all.find('\n', space) - space - 1);
}

std::string counted(const FicusProcess& ficus, const std::string& name,
                    const std::string& further = {}) {
  const std::string listener = "listener=\"127.0.0.1:0\"";
  return metric(ficus, "ficus_" + name + "{" + listener + further + "}");
}

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

}  // namespace

TEST_CASE("data plane: without trusted proxies all words are kept and added to") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "proxy_protocol: off"));
  RawClient client(ficus.port());
  client.exchange(request("GET /",
                          "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n"
                          "X-Real-IP: 192.0.2.1\r\n"));
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.header("Forwarded") == "for=192.0.2.1");
  CHECK(got.header("X-Forwarded-For") == "192.0.2.1, 127.0.0.1");
  CHECK(got.header("X-Real-IP") == "192.0.2.1");
}

TEST_CASE("data plane: a trusted proxy's words are kept and added to") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "trusted_proxies: [127.0.0.0/8]"));
  RawClient client(ficus.port());
  client.exchange(request("GET /",
                          "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n"
                          "X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"));
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.header("Forwarded") == "for=192.0.2.1, for=127.0.0.1;host=\"a\";proto=http");
  CHECK(got.header("X-Forwarded-For") == "192.0.2.1, 127.0.0.1");
  CHECK(got.header("X-Forwarded-Proto") == "https");
  CHECK(got.header("X-Forwarded-Port") == "443");
}

TEST_CASE("data plane: cookies go back by https only if the TLS is a trusted proxy's") {
  ScriptedBackend backend;
  TwoSides terms;
  terms.weight = 50;
  terms.route = "sticky: {by: [generated]}";
  const std::string by_https = request("GET /", "X-Forwarded-Proto: https\r\n");
  const auto cookie = [&](const std::string& trusted) {
    terms.listener = "trusted_proxies: [" + trusted + "]";
    FicusProcess ficus(split({backend.url()}, {backend.url()}, terms));
    return fetch(ficus.port(), by_https).header("Set-Cookie").value_or("none");
  };
  CHECK_THAT(cookie("127.0.0.0/8"), ContainsSubstring("; Secure"));
  CHECK_THAT(cookie("192.0.2.1"), ContainsSubstring("ficus_key=") && !ContainsSubstring("Secure"));
}

TEST_CASE("data plane: the words of a peer that is not trusted are replaced") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "trusted_proxies: [10.0.0.0/8]"));
  RawClient client(ficus.port());
  client.exchange(request("GET /",
                          "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n"
                          "X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"
                          "X-Forwarded-Host: b\r\nX-Real-IP: 192.0.2.1\r\n"));
  CHECK(backend.received() == forwarded("GET /"));
}

TEST_CASE("data plane: the policies of a listener are followed") {
  ScriptedBackend backend;
  const std::string sent =
      "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: b\r\n";
  SECTION("everything is left alone") {
    FicusProcess ficus(in_front_of(backend, "forwarding: {x_forwarded: off, forwarded: off}"));
    RawClient client(ficus.port());
    client.exchange(request("GET /", sent));
    CHECK(backend.received() == request("GET /", sent));
  }
  SECTION("the edge of the network") {
    FicusProcess ficus(in_front_of(backend, "forwarding: {x_forwarded: replace, forwarded: add}"));
    RawClient client(ficus.port());
    client.exchange(request("GET /", sent));
    std::string fields(kForwarded);
    fields += "Forwarded: for=192.0.2.1, for=127.0.0.1;host=\"a\";proto=http\r\n";
    CHECK(backend.received() == request("GET /", fields));
  }
}

TEST_CASE("data plane: rules about the client see the rightmost address that is not trusted") {
  ScriptedBackend legacy;
  ScriptedBackend fresh(answer_each(ok("new")));
  TwoSides terms;
  terms.weight = 0;
  terms.listener = "trusted_proxies: [127.0.0.1, 10.0.0.0/8]";
  terms.route = "assign: [{match: {from: [192.0.2.7]}, side: new}]";
  FicusProcess ficus(split({legacy.url()}, {fresh.url()}, terms));
  const auto side = [&](const std::string& fields) {
    RawClient client(ficus.port());
    return client.exchange(request("GET /", fields)).body == "new" ? "new" : "legacy";
  };
  CHECK(side("X-Forwarded-For: 192.0.2.7\r\n") == std::string("new"));
  CHECK(side("X-Forwarded-For: 192.0.2.7, 10.1.2.3\r\n") == std::string("new"));
  CHECK(side("X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.1.2.3:99\r\n") ==
        std::string("new"));
  CHECK(side("Forwarded: for=\"192.0.2.7:80\", for=10.1.2.3\r\n") == std::string("new"));
  // Said by someone whom nobody trusts, or beyond what can be read.
  CHECK(side("X-Forwarded-For: 192.0.2.7, 192.0.2.8\r\n") == std::string("legacy"));
  CHECK(side("X-Forwarded-For: 192.0.2.7, unknown\r\n") == std::string("legacy"));
  CHECK(side("X-Forwarded-For: 192.0.2.7, , x, 10.1.2.3\r\n") == std::string("legacy"));
  CHECK(side("X-Forwarded-For: 10.1.2.3\r\nForwarded: for=192.0.2.7\r\n") == std::string("legacy"));
  CHECK(side("X-Real-IP: 192.0.2.7\r\n") == std::string("legacy"));
}

TEST_CASE("data plane: a PROXY header names the client of the whole connection") {
  ScriptedBackend backend;
  const auto [version, header] = GENERATE_COPY(table<std::string, std::string>(
      {{"v1", "PROXY TCP4 192.0.2.1 10.0.0.1 12345 443\r\n"},
       {"v2", kSignature +
                  std::string("\x21\x11\0\x0e\xc0\0\x02\x01\x0a\0\0\x01\x30\x39\x01\xbbxx", 18)}}));
  FicusProcess ficus(in_front_of(backend, "proxy_protocol: " + version));
  RawClient client(ficus.port());
  SECTION("at once") { client.send(header + request("GET /1")); }
  SECTION("byte by byte") {
    for (const char byte : header + request("GET /1")) client.send(std::string(1, byte));
  }
  client.read_response();
  client.exchange(request("GET /2"));
  CHECK(backend.wait_for_request(0).header("X-Forwarded-For") == "192.0.2.1");
  CHECK(backend.wait_for_request(1).header("X-Forwarded-For") == "192.0.2.1");
}

TEST_CASE("data plane: a PROXY header of the balancer's own check leaves the peer as it is") {
  ScriptedBackend backend;
  const auto [version, header] = GENERATE_COPY(table<std::string, std::string>(
      {{"v1", "PROXY UNKNOWN\r\n"}, {"v2", kSignature + std::string("\x20\0\0\0", 4)}}));
  FicusProcess ficus(in_front_of(backend, "proxy_protocol: " + version));
  RawClient client(ficus.port());
  CHECK(client.exchange(header + request("GET /")).status() == 200);
  CHECK(backend.wait_for_request().header("X-Forwarded-For") == "127.0.0.1");
}

TEST_CASE("data plane: what does not begin with a sound PROXY header is closed without an answer") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(
      backend, "proxy_protocol: v1, timeouts: {request_head: 1s}, trusted_proxies: [127.0.0.1]"));
  for (const std::string& text : std::initializer_list<std::string>{
           "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
           "PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n", "PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n",
           "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n", "PROXY TCP4 999.0.2.1 10.0.0.1 1 2\r\n"}) {
    CAPTURE(text);
    RawClient client(ficus.port());
    client.send(text + request("GET /smuggled"));
    CHECK(client.read_to_end().empty());
  }
  {
    INFO("too long");
    RawClient client(ficus.port());
    client.send("PROXY UNKNOWN " + std::string(200, 'x'));
    CHECK(client.read_to_end().empty());
  }
  CHECK(counted(ficus, "proxy_headers_refused_total", ",reason=\"malformed\"") == "7");
  {
    INFO("not in time");
    RawClient client(ficus.port());
    client.send("PROXY TCP4 192.0");
    CHECK(client.read_to_end().empty());
  }
  CHECK(counted(ficus, "proxy_headers_refused_total", ",reason=\"timeout\"") == "1");
  {
    INFO("a check whether the port is open is no fault");
    RawClient client(ficus.port());
    client.half_close();
    CHECK(client.read_to_end().empty());
  }
  CHECK(backend.requests() == 0);
  RawClient client(ficus.port());
  CHECK(client.exchange("PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n" + request("GET /")).status() ==
        200);
  CHECK(counted(ficus, "downstream_connections", ",state=\"open\"") == "1");
}

TEST_CASE("data plane: a PROXY header is taken from trusted proxies only, if any are named") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "proxy_protocol: v1, trusted_proxies: [10.0.0.0/8]"));
  RawClient client(ficus.port());
  client.send("PROXY TCP4 10.0.0.1 10.0.0.1 1 2\r\n" + request("GET /"));
  CHECK(client.read_to_end().empty());
  CHECK(counted(ficus, "proxy_headers_refused_total", ",reason=\"untrusted\"") == "1");
  CHECK(backend.requests() == 0);
}

TEST_CASE("data plane: the address of a PROXY header is a peer like another") {
  ScriptedBackend backend;
  FicusProcess ficus(
      in_front_of(backend, "proxy_protocol: v1, trusted_proxies: [127.0.0.1, 10.0.0.0/8]"));
  RawClient trusted(ficus.port());
  trusted.exchange("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" +
                   request("GET /", "X-Forwarded-For: 192.0.2.1\r\n"));
  CHECK(backend.wait_for_request(0).header("X-Forwarded-For") == "192.0.2.1, 10.0.0.1");
  RawClient other(ficus.port());
  other.exchange("PROXY TCP4 192.0.2.9 10.0.0.2 1 2\r\n" +
                 request("GET /", "X-Forwarded-For: 192.0.2.1\r\n"));
  CHECK(backend.wait_for_request(1).header("X-Forwarded-For") == "192.0.2.9");
}

TEST_CASE("data plane: a realistic head passes byte for byte but for what is documented") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "proxy_protocol: off"));
  RawClient client(ficus.port());
  const std::string fields =
      "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
      "ACCEPT: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
      "accept-Encoding: gzip, deflate, br\r\n"
      "Cookie: a=b; c=\"d e\"\r\n"
      "cookie: f=g\r\n"
      "X-Empty: \r\n"
      "SOAPAction: \"urn:x#y\"\r\n"
      "If-None-Match: W/\"1\", \"2\"\r\n"
      "Sec-Fetch-Mode: navigate\r\n"
      "Via: 1.1 outer\r\n"
      "Cache-Control: max-age=0\r\n"
      "Authorization: Basic dTpw\r\n"
      "x-forwarded-PROTO: https\r\n";
  client.exchange(request("GET /Shop/%7Bid%7D?q=a+b&r=%20|x", fields));
  CHECK(backend.received() ==
        request("GET /Shop/%7Bid%7D?q=a+b&r=%20|x", fields + "X-Forwarded-For: 127.0.0.1\r\n"
                                                             "X-Forwarded-Host: a\r\n"));
}

TEST_CASE("data plane: whom to believe stays as it was for who came by a listener that left") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend, "trusted_proxies: [10.0.0.0/8]"));
  RawClient client(ficus.port());
  const std::string forged = request("GET /", "X-Forwarded-For: 192.0.2.1\r\n");
  CHECK(client.exchange(forged).status() == 200);
  CHECK(backend.wait_for_request(0).header("X-Forwarded-For") == "127.0.0.1");
  const std::string elsewhere =
      "workers: 1\nlisteners: [{address: \"127.0.0.2:0\"}]\nbackends:\n  only: {endpoints: [\"" +
      backend.url() +
      "\"]}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
  CHECK_THAT(ficus.reload(elsewhere), ContainsSubstring("configuration reloaded"));
  CHECK(client.exchange(forged).status() == 200);
  CHECK(backend.wait_for_request(1).header("X-Forwarded-For") == "127.0.0.1");
}
