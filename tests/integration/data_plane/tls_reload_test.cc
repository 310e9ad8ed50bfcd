// Certificates that change, and those that cannot be used.

#include <filesystem>
#include <unistd.h>

#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("tls reload: a new certificate serves new connections, old ones go on") {
  CertificateFolder files;
  ScriptedBackend backend({read_request(), send(ok("ok")), again()});
  const auto configuration = [&](const std::string& identity) {
    return tls_listener({identity}) + in_front_of(backend);
  };
  const std::string identity = files.add("site", TestCertificate::self_signed({{"one.test"}}));
  FicusProcess ficus(configuration(identity));
  const auto before = tls_connect(ficus.port());
  CHECK(before->exchange(request("GET /")).body == "ok");
  files.add("site", TestCertificate::self_signed({{"two.test"}}));
  CHECK_THAT(ficus.reload(configuration(identity)), ContainsSubstring("configuration reloaded"));
  const auto after = tls_connect(ficus.port());
  CHECK(before->peer_name() == "one.test");
  CHECK(after->peer_name() == "two.test");
  CHECK(before->exchange(request("GET /")).body == "ok");
  CHECK(after->exchange(request("GET /")).body == "ok");
  CHECK_FALSE(sample(ficus, "ficus_tls_certificate_not_after_seconds{name=\"two.test\"}").empty());
  CHECK(sample(ficus, "ficus_tls_certificate_not_after_seconds{name=\"one.test\"}").empty());
}

TEST_CASE("tls reload: one that cannot be used changes nothing and says which file and why") {
  CertificateFolder files;
  ScriptedBackend backend({read_request(), send(ok("ok")), again()});
  const auto configuration = [&](const std::string& identity) {
    return tls_listener({identity}) + in_front_of(backend);
  };
  const std::string identity = files.add("site", TestCertificate::self_signed({{"one.test"}}));
  FicusProcess ficus(configuration(identity));
  files.folder().write("site.key", TestCertificate::self_signed().key_pem());
  CHECK_THAT(ficus.reload(configuration(identity)), ContainsSubstring("configuration refused"));
  CHECK(eventually([&] {
    return ficus.admin_get("/api/v1/status").body.find("does not belong to the") !=
           std::string::npos;
  }));
  CHECK(tls_connect(ficus.port())->peer_name() == "one.test");
  CHECK(tls_connect(ficus.port())->exchange(request("GET /")).body == "ok");
}

TEST_CASE("tls reload: pooled connections outlive it unless the way to speak changes") {
  CertificateFolder files;
  const TestCertificate certificate = TestCertificate::self_signed();
  files.add("ca", certificate);
  TlsTerms terms;
  terms.certificates = {certificate};
  TlsBackend backend(terms, serve_each("ok"));
  const std::string trusting = to_tls(backend.url(), "verify: false");
  FicusProcess ficus(trusting);
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /")).body == "ok");
  ficus.reload(trusting);
  CHECK(client.exchange(request("GET /")).body == "ok");
  CHECK(backend.connections() == 1);
  ficus.reload(to_tls(backend.url(), "ca: " + files.file("ca.pem")));
  CHECK(client.exchange(request("GET /")).body == "ok");
  CHECK(backend.connections() == 2);
}

TEST_CASE("ficus check: each certificate that cannot be used is named with its file") {
  CertificateFolder files;
  const TestCertificate good = TestCertificate::self_signed();
  files.add("good", good);
  files.folder().write("empty.pem", "");
  files.folder().write("text.pem", "hello\n");
  std::string damaged = good.certificate_pem();
  damaged.replace(damaged.size() / 2, 4, "!!!!");
  files.folder().write("damaged.pem", damaged);
  files.folder().write("locked.key", good.encrypted_key_pem());
  CertificateTerms weak;
  weak.key = TestKey::rsa_1024;
  files.add("weak", TestCertificate::self_signed(weak));
  CertificateTerms strange;
  strange.key = TestKey::secp256k1;
  files.add("strange", TestCertificate::self_signed(strange));
  files.add("other", TestCertificate::self_signed());
  files.folder().write("other.ocsp", TestCertificate::self_signed().ocsp_response());

  const auto told = [&](const std::string& certificate, const std::string& key,
                        const std::string& more = {}) {
    const auto config = files.folder().write(
        "ficus.yaml",
        "version: 1\nlisteners:\n  - address: \"127.0.0.1:0\"\n    tls:\n      certificates:\n"
        "        - {certificate: " +
            certificate + ", private_key: " + key + more +
            "}\nbackends: {b: {endpoints: [\"http://127.0.0.1:1\"]}}\n"
            "routes: [{name: r, legacy: b}]\n");
    const Finished finished = run_ficus({"check", config.string()});
    CHECK(finished.exit.code == 2);
    return finished.error;
  };
  const std::string at = "ficus.yaml:6:11: ";
  const std::string crt = "listeners[0].tls.certificates[0].certificate: ";
  const std::string key = "listeners[0].tls.certificates[0].private_key: ";
  CHECK_THAT(told("gone.pem", "good.key"),
             ContainsSubstring(at + crt) && ContainsSubstring("gone.pem' does not exist"));
  CHECK_THAT(told("good.pem", "gone.key"),
             ContainsSubstring(at + key) && ContainsSubstring("gone.key' does not exist"));
  CHECK_THAT(told("empty.pem", "good.key"), ContainsSubstring("empty.pem' is empty"));
  CHECK_THAT(told(".", "good.key"), ContainsSubstring("is not a file"));
  CHECK_THAT(told("text.pem", "good.key"), ContainsSubstring("holds no certificate in PEM form"));
  CHECK_THAT(told("damaged.pem", "good.key"), ContainsSubstring("damaged.pem' is damaged"));
  CHECK_THAT(told("good.key", "good.pem"), ContainsSubstring("are the two files swapped?"));
  CHECK_THAT(told("good.pem", "other.key"),
             ContainsSubstring("other.key' does not belong to the certificate"));
  CHECK_THAT(told("good.pem", "locked.key"), ContainsSubstring("locked.key' is encrypted"));
  CHECK_THAT(told("weak.pem", "weak.key"), ContainsSubstring("RSA key of 1024 bits"));
  CHECK_THAT(told("strange.pem", "strange.key"), ContainsSubstring("on the curve secp256k1"));
  CHECK_THAT(told("good.pem", "good.key", ", ocsp_response: good.pem"),
             ContainsSubstring("ocsp_response: ") && ContainsSubstring("no OCSP response in DER"));
  CHECK_THAT(told("good.pem", "good.key", ", ocsp_response: other.ocsp"),
             ContainsSubstring("for another certificate"));
  if (::geteuid() != 0) {
    std::filesystem::permissions(files.file("good.key"), std::filesystem::perms::none);
    CHECK_THAT(told("good.pem", "good.key"), ContainsSubstring("may not be read by the user"));
  }
}

TEST_CASE("ficus check: an expired certificate is a warning, for it may be replaced in time") {
  CertificateFolder files;
  files.add("old", TestCertificate::self_signed({{"a"}, TestKey::ecdsa, -7200, -3600}));
  const auto config = files.folder().write(
      "ficus.yaml",
      "version: 1\nlisteners: [{address: \"127.0.0.1:0\", tls: {certificates: [{certificate: "
      "old.pem, private_key: old.key}]}}]\nbackends: {b: {endpoints: [\"http://127.0.0.1:1\"]}}\n"
      "routes: [{name: r, legacy: b}]\n");
  const Finished finished = run_ficus({"check", config.string()});
  CHECK(finished.exit.code == 0);
  CHECK_THAT(finished.error, ContainsSubstring("W14") && ContainsSubstring("old.pem ended on "));
}
