// TLS between the proxy and backends.

#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

TlsTerms with(const TestCertificate& certificate) {
  TlsTerms terms;
  terms.certificates = {certificate};
  return terms;
}

std::string errors(const FicusProcess& ficus) {
  return sample(
      ficus, "ficus_side_errors_total{route=\"everything\",side=\"legacy\",kind=\"tls_failure\"}");
}

// Metrics are of the last tick.
bool counts(const FicusProcess& ficus, const std::string& number) {
  return eventually([&] { return errors(ficus) == number; });
}

}  // namespace

TEST_CASE("tls backend: a server whose certificate is trusted and has the name is asked") {
  CertificateFolder files;
  const TestCertificate authority = TestCertificate::self_signed({{"Test CA"}});
  files.add("ca", authority);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms = with(authority.issue({{"shop.test", "127.0.0.1"}}));
    terms.max_version = version;
    TlsBackend backend(terms, serve_each("secret"));
    FicusProcess by_address(to_tls(backend.url(), "ca: " + files.file("ca.pem")));
    RawClient client(by_address.port());
    for (int i = 0; i < 5; ++i) CHECK(client.exchange(request("GET /")).body == "secret");
    CHECK(backend.connections() == 1);  // tickets do not end an idle connection
    CHECK(backend.asked_name().empty());

    FicusProcess by_name(
        to_tls(backend.url(), "server_name: shop.test, ca: " + files.file("ca.pem")));
    CHECK(fetch(by_name.port(), request("GET /")).body == "secret");
    CHECK(backend.asked_name() == "shop.test");
  }
}

TEST_CASE("tls backend: a server that cannot prove who it is gets no request") {
  CertificateFolder files;
  const TestCertificate authority = TestCertificate::self_signed({{"Test CA"}});
  files.add("ca", authority);
  const std::string ca = "ca: " + files.file("ca.pem");
  const CertificateTerms expired{{"127.0.0.1"}, TestKey::ecdsa, -7200, -3600};
  const CertificateTerms early{{"127.0.0.1"}, TestKey::ecdsa, 3600, 7200};
  struct Case {
    TestCertificate certificate;
    std::string tls;
    std::string detail;
  };
  const TestCertificate other = TestCertificate::self_signed({{"Other CA"}});
  const std::vector<Case> cases{
      {authority.issue({{"other.test"}}), ca, "is for another name"},
      {authority.issue({{"127.0.0.1"}}), ca + ", server_name: shop.test", "is for another name"},
      {authority.issue(expired), ca, "has expired"},
      {authority.issue(early), ca, "is not valid yet"},
      {TestCertificate::self_signed({{"127.0.0.1"}}), ca, "self-signed"},
      {other.issue({{"127.0.0.1"}}), ca, "authority that is not trusted"},
      {authority.issue({{"127.0.0.1"}}), "verify: true", "authority that is not trusted"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.detail);
    TlsBackend backend(with(one.certificate), serve_each("secret"));
    FicusProcess ficus(to_tls(backend.url(), one.tls));
    RawClient client(ficus.port());
    const HttpMessage answer = client.exchange(request("GET /"));
    CHECK(answer.status() == 502);
    CHECK_THAT(answer.body, ContainsSubstring(one.detail));
    CHECK(counts(ficus, "1"));
    FicusProcess careless(to_tls(backend.url(), "verify: false"));
    CHECK(fetch(careless.port(), request("GET /")).body == "secret");
  }
}

TEST_CASE("tls backend: a server without TLS, and one that leaves, are failures of TLS") {
  ScriptedBackend plain(Script{send("HTTP/1.1 200 OK\r\n\r\n"), read_to_end()});
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port());
  FicusProcess ficus(to_tls(url, "verify: false"));
  HttpMessage answer = fetch(ficus.port(), request("GET /"));
  CHECK(answer.status() == 502);
  CHECK_THAT(answer.body, ContainsSubstring("does not speak TLS"));
  plain.on_every_connection({read_count(1), close_connection()});
  answer = fetch(ficus.port(), request("POST /", "Content-Length: 2\r\n", "hi"));
  CHECK(answer.status() == 502);
  CHECK(counts(ficus, "2"));
}

TEST_CASE("tls backend: a handshake that does not end is a timeout of connecting") {
  ScriptedBackend silent(Script{read_to_end()});
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.port());
  FicusProcess ficus(to_tls(url, "verify: false", "timeouts: {connect: 100ms}"));
  const HttpMessage answer = fetch(ficus.port(), request("GET /"));
  CHECK(answer.status() == 504);
  CHECK_THAT(answer.body, ContainsSubstring("TLS handshake"));
}

TEST_CASE("tls backend: a failed handshake falls back to legacy, whatever the method") {
  TlsBackend fresh(with(TestCertificate::self_signed()), serve_each("new"));
  ScriptedBackend legacy(answer_each(ok("old")));
  FicusProcess ficus(split({legacy.url()}, {fresh.url()},
                           {100, "writes: shared, fallback: {on: [connect_failure]}"}));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("POST /", "Content-Length: 2\r\n", "hi")).body == "old");
  CHECK(legacy.wait_for_request().body == "hi");
}

TEST_CASE("tls backend: the proxy shows its own certificate to a server that asks") {
  CertificateFolder files;
  TlsTerms terms = with(TestCertificate::self_signed());
  terms.want_client_certificate = true;
  TlsBackend backend(terms, serve_each("secret"));
  std::string identity = files.add("own", TestCertificate::self_signed({{"ficus.test"}}));
  identity = identity.substr(1, identity.size() - 2);
  FicusProcess ficus(to_tls(backend.url(), "verify: false, " + identity));
  CHECK(fetch(ficus.port(), request("GET /")).body == "secret");
  CHECK(backend.client_name() == "ficus.test");
  FicusProcess without(to_tls(backend.url(), "verify: false"));
  CHECK(fetch(without.port(), request("GET /")).status() == 502);
}

TEST_CASE("tls backend: a server that wants a certificate and gets none refuses the handshake") {
  // With TLS 1.3 our side of the handshake is done before the server can say so.
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms = with(TestCertificate::self_signed());
    terms.want_client_certificate = true;
    terms.max_version = version;
    TlsBackend strict(terms, serve_each("secret"));
    FicusProcess ficus(to_tls(strict.url(), "verify: false"));
    const HttpMessage answer =
        fetch(ficus.port(), request("POST /", "Content-Length: 2\r\n", "hi"));
    CHECK(answer.status() == 502);
    CHECK_THAT(answer.body, ContainsSubstring("refused the TLS handshake"));
    CHECK(counts(ficus, "1"));

    // It took nothing in: whatever the method, another server may be asked, if the body is kept.
    TlsBackend open(with(TestCertificate::self_signed()), serve_each("open"));
    FicusProcess both(to_tls(strict.url() + "\", \"" + open.url(), "verify: false"));
    for (int i = 0; i < 6; ++i) {
      CHECK(fetch(both.port(), request("POST /", "Content-Length: 0\r\n")).body == "open");
    }
  }
}

TEST_CASE("tls backend: what a server refused to shake hands for falls back to legacy") {
  TlsTerms terms = with(TestCertificate::self_signed());
  terms.want_client_certificate = true;
  TlsBackend fresh(terms, serve_each("new"));
  ScriptedBackend legacy(answer_each(ok("old")));
  FicusProcess ficus(
      "workers: 1\nbackends:\n  old: {endpoints: [\"" + legacy.url() +
      "\"]}\n  fresh: {endpoints: [\"" + fresh.url() +
      "\"], tls: {verify: false}}\nroutes:\n  - {name: shop, match: {path_prefix: /}, legacy: old, "
      "new: fresh, weight: 100, guard: off, fallback: {on: [connect_failure], "
      "budget_percent: 100}}\n");
  RawClient client(ficus.port());
  for (int i = 0; i < 3; ++i) {
    CHECK(client.exchange(request("POST /", "Content-Length: 2\r\n", "hi")).body == "old");
  }
}

TEST_CASE("tls backend: new connections resume the session of earlier ones") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms = with(TestCertificate::self_signed());
    terms.max_version = version;
    // An answer that ends the connection, so that each request needs a new one.
    TlsBackend backend(terms, [](TlsStream& stream) {
      stream.read_message(MessageKind::request);
      stream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      stream.end_sending();
      stream.read_to_end();
    });
    FicusProcess ficus(to_tls(backend.url(), "verify: false"));
    RawClient client(ficus.port());
    for (int i = 0; i < 5; ++i) CHECK(client.exchange(request("GET /")).body == "ok");
    CHECK(backend.connections() == 5);
    CHECK(backend.resumed() == 4);
  }
}

TEST_CASE("tls backend: an answer that is cut without close_notify is never passed on as whole") {
  TlsBackend backend(with(TestCertificate::self_signed()), [](TlsStream& stream) {
    const HttpMessage request = stream.read_message(MessageKind::request);
    stream.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome of it");
    if (request.target() == "/whole") {
      stream.end_sending();
      stream.read_to_end();
    } else {
      stream.cut();
    }
  });
  FicusProcess ficus(to_tls(backend.url(), "verify: false"));
  {
    RawClient client(ficus.port());
    const HttpMessage whole = client.exchange(request("GET /whole"));
    CHECK(whole.body == "some of it");
    CHECK(whole.complete);
  }
  RawClient client(ficus.port());
  client.send(request("GET /cut"));
  CHECK(client.read_to_end().find("0\r\n\r\n") == std::string::npos);
  RawClient old(ficus.port());
  old.send("GET /cut HTTP/1.0\r\n\r\n");
  old.read_to_end();
  CHECK(old.was_reset());
}

TEST_CASE("tls backend: large bodies pass both ways") {
  const std::string up = numbered(3'000'000);
  const std::string down = numbered(5'000'000);
  TlsBackend backend(with(TestCertificate::self_signed()), [&](TlsStream& stream) {
    for (;;) {
      const HttpMessage got = stream.read_message(MessageKind::request);
      stream.send(got.body == up ? ok(down) : ok("no"));
    }
  });
  FicusProcess ficus(to_tls(backend.url(), "verify: false"));
  RawClient client(ficus.port());
  client.limit_receive_buffer(64 * 1024);
  for (int i = 0; i < 2; ++i) {
    client.send(request("POST /", "Content-Length: " + std::to_string(up.size()) + "\r\n", up));
    CHECK(client.read_response().body == down);
  }
}

TEST_CASE("tls backend: bytes that a server sends unasked end an idle connection, tickets do not") {
  TlsBackend backend(with(TestCertificate::self_signed()), [](TlsStream& stream) {
    while (stream.read_message(MessageKind::request).target() != "/then-talk") {
      stream.send(ok("ok"));
    }
    stream.send(ok("ok"));
    stream.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    stream.read_to_end();
  });
  FicusProcess ficus(to_tls(backend.url(), "verify: false"));
  RawClient client(ficus.port());
  for (int i = 0; i < 4; ++i) CHECK(client.exchange(request("GET /")).body == "ok");
  CHECK(backend.connections() == 1);
  CHECK(client.exchange(request("GET /then-talk")).body == "ok");
  // Neither in use, as it is until the answer's end, nor idle.
  const auto none = [&](const std::string& state) {
    return sample(ficus, "ficus_upstream_connections{backend=\"only\",endpoint=\"127.0.0.1:" +
                             std::to_string(backend.port()) + "\",state=\"" + state + "\"}") == "0";
  };
  CHECK(eventually([&] { return none("active") && none("idle"); }));
  CHECK(client.exchange(request("GET /")).body == "ok");
  CHECK(backend.connections() == 2);
}

TEST_CASE("tls backend: a handshake may take no longer than the whole request") {
  ScriptedBackend mute({read_to_end()});
  FicusProcess ficus("listeners: [{address: \"127.0.0.1:0\", timeouts: {request: 200ms}}]\n" +
                     to_tls("https://127.0.0.1:" + std::to_string(mute.port()), "verify: false"));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).status() == 504);
  CHECK(eventually([&] {
    return sample(ficus,
                  "ficus_side_errors_total{route=\"everything\",side=\"legacy\",kind="
                  "\"exchange_timeout\"}") == "1";
  }));
}

namespace {

std::string connections(const FicusProcess& ficus, std::uint16_t port, const std::string& state) {
  return sample(ficus, "ficus_upstream_connections{backend=\"only\",endpoint=\"127.0.0.1:" +
                           std::to_string(port) + "\",state=\"" + state + "\"}");
}

}  // namespace

TEST_CASE("tls backend: preconnect shakes hands before the first request") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms = with(TestCertificate::self_signed());
    terms.max_version = version;
    TlsBackend backend(terms, serve_each("ok"));
    FicusProcess ficus(to_tls(backend.url(), "verify: false", "preconnect: 2"));
    REQUIRE(eventually([&] { return connections(ficus, backend.port(), "idle") == "2"; }));
    CHECK(backend.connections() == 2);
    RawClient client(ficus.port());
    CHECK(client.exchange(request("GET /")).body == "ok");
    CHECK(client.exchange(request("POST /", "Content-Length: 2\r\n", "hi")).body == "ok");
    CHECK(backend.connections() == 2);
  }
}

TEST_CASE("tls backend: a connection that is opened ahead serves nobody before hands are shaken") {
  ScriptedBackend backend(Script{send("HTTP/1.1 200 OK\r\n\r\n"), read_to_end()});
  backend.on_next_connection({read_to_end()});
  const std::string limit = GENERATE("", ", limits: {max_connections: 1}");
  FicusProcess ficus(to_tls("https://127.0.0.1:" + std::to_string(backend.port()), "verify: false",
                            "preconnect: 1, timeouts: {connect: 60s}" + limit));
  backend.wait_for_connection(0);
  RawClient client(ficus.port());
  const HttpMessage answer = client.exchange(request("GET /"));
  CHECK_THAT(answer.body, ContainsSubstring("does not speak TLS"));
  CHECK(backend.connections() == 2);
}

TEST_CASE("tls backend: what is opened ahead in vain is forgotten, late ones after connect") {
  const bool answers = GENERATE(true, false);
  Script script{read_count(1)};
  if (answers) script.push_back(send("HTTP/1.1 200 OK\r\n\r\n"));
  script.push_back(read_to_end());
  ScriptedBackend backend(script);
  FicusProcess ficus(to_tls("https://127.0.0.1:" + std::to_string(backend.port()), "verify: false",
                            answers ? "preconnect: 1, timeouts: {connect: 60s}"
                                    : "preconnect: 1, timeouts: {connect: 200ms}"));
  backend.wait_for_end_of_connection(0);
  CHECK(eventually([&] { return connections(ficus, backend.port(), "active") == "0"; }));
  CHECK(connections(ficus, backend.port(), "idle") == "0");
  CHECK(errors(ficus) != "1");
}
