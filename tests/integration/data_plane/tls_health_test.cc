// Health checks of https endpoints.

#include <atomic>

#include "tests/integration/data_plane/metric.h"
#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

TlsTerms with(const TestCertificate& certificate) {
  TlsTerms terms;
  terms.certificates = {certificate};
  return terms;
}

std::string healthy(const TlsBackend& backend) {
  return "ficus_endpoint_healthy{backend=\"only\",endpoint=\"127.0.0.1:" +
         std::to_string(backend.port()) + "\"}";
}

// The line may come before the one that a start waits for.
bool says(FicusProcess& ficus, const std::string& why) {
  return eventually([&] {
    const std::string output = ficus.process().output();
    const std::size_t at = output.find("is unhealthy: ");
    return at != std::string::npos && output.find(why, at) != std::string::npos;
  });
}

std::string check(const std::string& more) {
  return "health_check: {" + more + "interval: 100ms, healthy_after: 1, unhealthy_after: 1}";
}

}  // namespace

TEST_CASE("tls health: an https endpoint is asked for its path over TLS") {
  std::atomic<bool> is_up{true};
  TlsBackend backend(with(TestCertificate::self_signed()), [&](TlsStream& stream) {
    const HttpMessage got = stream.read_message(MessageKind::request);
    if (got.target() == "/up" && !is_up) {
      stream.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    } else {
      stream.send(ok("ok"));
    }
    stream.read_to_end();
  });
  FicusProcess ficus(
      to_tls(backend.url(), "verify: false, server_name: shop.test", check("path: /up, ")));
  REQUIRE(eventually([&] { return backend.connections() > 2; }));
  CHECK(backend.asked_name() == "shop.test");
  CHECK(metric(ficus, healthy(backend)) == 1);
  is_up = false;
  CHECK(says(ficus, "answered 503"));
  is_up = true;
  ficus.process().wait_for_line("is healthy: answers again");
  wait_for_metric(ficus, healthy(backend), 1);
}

TEST_CASE(
    "tls health: an endpoint whose certificate is not accepted is unhealthy, and why is told") {
  CertificateFolder files;
  const TestCertificate authority = TestCertificate::self_signed({{"Test CA"}});
  files.add("ca", authority);
  const std::string ca = "ca: " + files.file("ca.pem");
  const CertificateTerms expired{{"127.0.0.1"}, TestKey::ecdsa, -7200, -3600};
  struct Case {
    TestCertificate certificate;
    std::string tls;
    std::string why;
  };
  const std::vector<Case> cases{
      {authority.issue(expired), ca, "the server's certificate has expired"},
      {authority.issue({{"other.test"}}), ca, "the server's certificate is for another name"},
      {authority.issue({{"127.0.0.1"}}), "verify: true", "an authority that is not trusted"},
  };
  for (const Case& one : cases) {
    for (const std::string path : {"path: /up, ", ""}) {
      CAPTURE(one.why, path);
      TlsBackend backend(with(one.certificate), serve_each("ok"));
      FicusProcess ficus(to_tls(backend.url(), one.tls, check(path)));
      CHECK(says(ficus, one.why));
      wait_for_metric(ficus, healthy(backend), 0);
    }
  }
}

TEST_CASE("tls health: without a path shaken hands are enough, an open port is not") {
  TlsBackend backend(with(TestCertificate::self_signed()), serve_each("ok"));
  FicusProcess ficus(to_tls(backend.url(), "verify: false", check("")));
  REQUIRE(eventually([&] { return backend.connections() > 2; }));
  CHECK(metric(ficus, healthy(backend)) == 1);

  ScriptedBackend plain(Script{send("HTTP/1.1 200 OK\r\n\r\n"), read_to_end()});
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port());
  FicusProcess to_plain(to_tls(url, "verify: false", check("")));
  CHECK(says(to_plain, "TLS handshake"));

  ScriptedBackend silent(Script{read_to_end()});
  const std::string quiet = "https://127.0.0.1:" + std::to_string(silent.port());
  FicusProcess to_silent(to_tls(quiet, "verify: false", check("timeout: 100ms, ")));
  CHECK(says(to_silent, "no answer in 100 ms"));
}

TEST_CASE("tls health: a check ends in close_notify, with a path and without") {
  for (const std::string path : {"path: /up, ", ""}) {
    CAPTURE(path);
    std::atomic<int> ended{0};
    std::atomic<int> cut{0};
    TlsBackend backend(with(TestCertificate::self_signed()), [&](TlsStream& stream) {
      if (!path.empty()) {
        stream.read_message(MessageKind::request);
        stream.send(ok("ok"));
      }
      stream.read_to_end();
      ++(stream.end() == TlsStream::End::close_notify ? ended : cut);
    });
    {
      FicusProcess ficus(to_tls(backend.url(), "verify: false", check(path)));
      CHECK(eventually([&] { return ended + cut >= 3; }));
      CHECK(metric(ficus, healthy(backend)) == 1);
      CHECK(cut == 0);
    }
  }
}

TEST_CASE("tls health: other terms of TLS are checked from the reload on") {
  CertificateFolder files;
  const TestCertificate certificate = TestCertificate::self_signed();
  files.add("ca", certificate);
  TlsBackend backend(with(certificate), serve_each("ok"));
  const std::string slowly = "health_check: {interval: 1h, healthy_after: 1}";
  FicusProcess ficus(to_tls(backend.url(), "verify: true", slowly));
  CHECK(says(ficus, "self-signed"));
  CHECK_THAT(ficus.reload(to_tls(backend.url(), "ca: " + files.file("ca.pem"), slowly)),
             ContainsSubstring("configuration reloaded"));
  wait_for_metric(ficus, healthy(backend), 1);
  CHECK(fetch(ficus.port(), request("GET /")).body == "ok");
}

TEST_CASE("tls health: other terms of TLS make nobody healthy before the checks say so") {
  CertificateFolder files;
  const TestCertificate certificate = TestCertificate::self_signed();
  files.add("ca", certificate);
  std::atomic<bool> is_up{true};
  std::atomic<int> answered{0};
  TlsBackend backend(with(certificate), [&](TlsStream& stream) {
    stream.read_message(MessageKind::request);
    stream.send(is_up ? ok("ok") : "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    ++answered;
    stream.read_to_end();
  });
  const std::string terms =
      "health_check: {path: /up, interval: 100ms, healthy_after: 3, unhealthy_after: 3}";
  const std::string trusting = to_tls(backend.url(), "verify: false", terms);
  const std::string strict = to_tls(backend.url(), "ca: " + files.file("ca.pem"), terms);
  FicusProcess ficus(trusting);
  is_up = false;
  ficus.process().wait_for_line("is unhealthy: answered 503");
  wait_for_metric(ficus, healthy(backend), 0);

  SECTION("one that is down") {
    is_up = true;
    answered = 0;
    ficus.reload(strict);
    CHECK(metric(ficus, healthy(backend)) == 0);
    ficus.process().wait_for_line("is healthy: answers again");
    CHECK(answered >= 3);
  }
  SECTION("nor unhealthy one that is up") {
    is_up = true;
    ficus.process().wait_for_line("is healthy: answers again");
    ficus.reload(strict);
    is_up = false;
    answered = 0;
    ficus.process().wait_for_line("is unhealthy: answered 503");
    CHECK(answered >= 2);  // one may have been on its way
  }
}

TEST_CASE("health: another check, or none, is in force from the reload on") {
  ScriptedBackend broken(answer_each("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
  const auto both = [&](const std::string& more) {
    return "workers: 1\nbackends:\n  only: {endpoints: [\"" + broken.url() + "\"]" + more +
           "}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
  };
  const std::string health = "ficus_endpoint_healthy{backend=\"only\",endpoint=\"127.0.0.1:" +
                             std::to_string(broken.port()) + "\"}";
  const std::string asking = ", health_check: {path: /, interval: 1h, healthy_after: 5}";
  FicusProcess ficus(both(asking));
  wait_for_metric(ficus, health, 0);
  // A connection is enough for this one: its first result counts.
  ficus.reload(both(", health_check: {interval: 1h, healthy_after: 5}"));
  wait_for_metric(ficus, health, 1);
  ficus.reload(both(asking));
  wait_for_metric(ficus, health, 0);
  ficus.reload(both(""));
  wait_for_metric(ficus, health, 1);
}
