#include "control/check/probe.h"

#include <array>
#include <mutex>
#include <sys/socket.h>
#include <thread>

#include "config/loader.h"
#include "proxy/net/address.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/scripted_backend.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tls_stream.h"

namespace ficus::control {
namespace {

using tests::answer_each;
using tests::BackendMode;
using tests::HttpBackend;
using tests::ScriptedBackend;

config::Config load(const std::string& text) {
  config::LoadOutcome outcome = config::load_text(text, "f.yaml", config::empty_environment());
  REQUIRE(outcome.config);
  return std::move(*outcome.config);
}

// The two sides of one route; `more` belongs to the new backend.
config::Config between(const std::string& legacy, const std::string& fresh,
                       const std::string& more = "", const std::string& match = "") {
  return load("version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends:\n  old: {endpoints: [\"" +
              legacy + "\"]}\n  new: {endpoints: [\"" + fresh + "\"]" + more +
              "}\nroutes:\n  - {name: shop, legacy: old, new: new, match: {" + match + "}}\n");
}

std::string problems(const ProbeReport& report) {
  std::string text;
  for (const config::Diagnostic& one : report.problems) text += one.text() + "\n";
  return text;
}

std::string lines(const ProbeReport& report) {
  std::string text;
  for (const std::string& line : report.lines) text += line + "\n";
  return text;
}

std::string answer(const std::string& status, const std::string& type) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: 0\r\n\r\n";
}

}  // namespace

TEST_CASE("two sides that answer alike are reported, and nothing is wrong") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const ProbeReport report = probe(between(legacy.url(), fresh.url()));
  CHECK(problems(report).empty());
  REQUIRE(report.lines.size() == 3);
  CHECK_THAT(report.lines[0], ContainsSubstring("old  " + legacy.url() + "  HEAD /: 200") &&
                                  ContainsSubstring(" in "));
  CHECK(report.lines[2] == "route shop  GET /: legacy 200 text/plain, new 200 text/plain");
  CHECK(legacy.posts() == 0);
  CHECK(fresh.requests() == 2);
}

TEST_CASE("an endpoint that refuses connections is named with its place") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.stop();
  const ProbeReport report = probe(between(legacy.url(), fresh.url()));
  CHECK_THAT(problems(report),
             ContainsSubstring("f.yaml:5:21: warning: backends.new.endpoints[0]: probe: ") &&
                 ContainsSubstring("Connection refused; start the server"));
  CHECK(report.problems.size() == 1);  // the route cannot be compared: nothing more to say
}

TEST_CASE("an endpoint that is too slow ends the wait at the backend's own timeout") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.set_mode(BackendMode::hanging);
  const ProbeReport report =
      probe(between(legacy.url(), fresh.url(), ", timeouts: {first_byte: 50ms}"));
  CHECK_THAT(problems(report), ContainsSubstring("no answer within 50ms"));
}

TEST_CASE("an endpoint that hangs up, resets or speaks something else is told as such") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const config::Config config = between(legacy.url(), fresh.url());
  fresh.set_mode(BackendMode::closing);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("closes the connection without an answer"));
  fresh.set_mode(BackendMode::resetting);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("Connection reset"));
  fresh.set_mode(BackendMode::not_http);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("what is no HTTP/1.x"));
}

TEST_CASE("a name that is unknown here is told") {
  HttpBackend fresh("new");
  CHECK_THAT(problems(probe(between("http://old.invalid:80", fresh.url()))),
             ContainsSubstring("has no address: old.invalid is unknown here"));
}

TEST_CASE("the health check's own path is asked, and judged as the health check does") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const config::Config config =
      between(legacy.url(), fresh.url(), ", health_check: {path: \"/up?x=1\"}");
  CHECK_THAT(lines(probe(config)), ContainsSubstring("GET /up?x=1: 200"));
  fresh.set_mode(BackendMode::failing);
  fresh.set_status(404);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("answers 404 to its health check"));
}

TEST_CASE("without a health check only a server error is remarkable") {
  ScriptedBackend legacy(answer_each(answer("405 No", "text/html")));
  ScriptedBackend fresh(answer_each(answer("405 No", "TEXT/html; charset=x")));
  CHECK(problems(probe(between(legacy.url(), fresh.url()))).empty());
  ScriptedBackend broken(answer_each(answer("500 No", "text/html")));
  CHECK_THAT(problems(probe(between(legacy.url(), broken.url()))),
             ContainsSubstring("answers 500 to HEAD /"));
}

TEST_CASE("sides that differ in status or media type are told") {
  ScriptedBackend legacy(answer_each(answer("200 OK", "text/html; charset=utf-8")));
  ScriptedBackend missing(answer_each(answer("404 No", "text/html")));
  ScriptedBackend json(answer_each(answer("200 OK", "application/json")));
  CHECK_THAT(problems(probe(between(legacy.url(), missing.url(), "", "path_prefix: /shop"))),
             ContainsSubstring("routes[0]: probe: GET /shop is answered differently: legacy 200 "
                               "text/html, new 404 text/html"));
  CHECK_THAT(problems(probe(between(legacy.url(), json.url()))),
             ContainsSubstring("new 200 application/json"));
}

TEST_CASE("a route is asked for as its match demands, or not at all") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  probe(between(legacy.url(), fresh.url(), "",
                "hosts: [shop.example.com], path: /a, headers: {X-Tenant: acme}"));
  CHECK_THAT(fresh.last_request(), ContainsSubstring("GET /a HTTP/1.1\r\n") &&
                                       ContainsSubstring("Host: shop.example.com\r\n") &&
                                       ContainsSubstring("X-Tenant: acme\r\n"));
  CHECK_THAT(lines(probe(between(legacy.url(), fresh.url(), "", "methods: [POST]"))),
             ContainsSubstring("1 routes with both sides were not compared"));
  CHECK(fresh.posts() == 0);
}

TEST_CASE("an interim answer is not the answer") {
  ScriptedBackend legacy(
      answer_each("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer("200 OK", "a/b")));
  HttpBackend fresh("new");
  CHECK_THAT(lines(probe(between(legacy.url(), fresh.url()))),
             ContainsSubstring("HEAD /: 200 a/b"));
}

namespace {

using tests::TemporaryFolder;
using tests::TestCertificate;
using tests::TestKey;
using tests::TlsBackend;

tests::TlsTerms with(const TestCertificate& certificate) {
  tests::TlsTerms terms;
  terms.certificates = {certificate};
  return terms;
}

// Gives each connection on a Unix socket this answer.
class UnixBackend {
 public:
  UnixBackend(const std::string& path, std::string answer)
      : answer_(std::move(answer)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const proxy::SocketAddress address = proxy::SocketAddress::unix_path(path);
    REQUIRE(::bind(listener_.get(), address.data(), address.length()) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this] { run(); });
  }
  ~UnixBackend() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string last_request() const {
    const std::lock_guard lock(mutex_);
    return last_request_;
  }

 private:
  void run() {
    for (;;) {
      const tests::Descriptor connection(::accept(listener_.get(), nullptr, nullptr));
      if (!connection) return;
      std::array<char, 4096> bytes{};
      const ssize_t got = ::recv(connection.get(), bytes.data(), bytes.size(), 0);
      {
        const std::lock_guard lock(mutex_);
        last_request_.assign(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      }
      ::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
  }

  const std::string answer_;
  tests::Descriptor listener_;
  mutable std::mutex mutex_;
  std::string last_request_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("an https endpoint is asked over TLS, and the end of its certificate is told") {
  HttpBackend legacy("legacy");
  const TestCertificate authority = TestCertificate::self_signed({{"Test CA"}});
  const TemporaryFolder files;
  const std::string ca = files.write("ca.pem", authority.certificate_pem()).string();
  TlsBackend by_address(with(authority.issue({{"127.0.0.1"}})), tests::serve_each("ok"));
  const ProbeReport report =
      probe(between(legacy.url(), by_address.url(), ", tls: {ca: " + ca + "}"));
  CHECK_THAT(lines(report), ContainsSubstring(by_address.url() + "  HEAD /: 200") &&
                                ContainsSubstring("TLSv1.3, certificate valid until 20"));
  CHECK(problems(report).find("certificate") == std::string::npos);
  CHECK(by_address.asked_name().empty());

  TlsBackend by_name(with(authority.issue({{"shop.test"}})), tests::serve_each("ok"));
  const std::string named = ", tls: {server_name: shop.test, ca: " + ca + "}";
  CHECK_THAT(lines(probe(between(legacy.url(), by_name.url(), named))),
             ContainsSubstring("HEAD /: 200"));
  CHECK(by_name.asked_name() == "shop.test");
}

TEST_CASE("an authority that is no root is trusted if it is named, as traffic does") {
  HttpBackend legacy("legacy");
  const TestCertificate root = TestCertificate::self_signed({{"Root CA"}});
  const TestCertificate middle = root.issue({{"Middle CA"}});
  const TemporaryFolder files;
  const std::string ca = files.write("ca.pem", middle.certificate_pem()).string();
  TlsBackend backend(with(middle.issue({{"127.0.0.1"}})), tests::serve_each("ok"));
  CHECK_THAT(lines(probe(between(legacy.url(), backend.url(), ", tls: {ca: " + ca + "}"))),
             ContainsSubstring("HEAD /: 200"));
}

TEST_CASE("an https endpoint whose certificate traffic would refuse is a problem with its reason") {
  HttpBackend legacy("legacy");
  const TestCertificate authority = TestCertificate::self_signed({{"Test CA"}});
  const TemporaryFolder files;
  const std::string ca = "ca: " + files.write("ca.pem", authority.certificate_pem()).string();
  const tests::CertificateTerms expired{{"127.0.0.1"}, TestKey::ecdsa, -7200, -3600};
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
    CAPTURE(one.why);
    TlsBackend backend(with(one.certificate), tests::serve_each("ok"));
    const auto report = probe(between(legacy.url(), backend.url(), ", tls: {" + one.tls + "}"));
    CHECK_THAT(problems(report), ContainsSubstring("backends.new.endpoints[0]: probe: ") &&
                                     ContainsSubstring(one.why));
    const auto careless = probe(between(legacy.url(), backend.url(), ", tls: {verify: false}"));
    CHECK_THAT(lines(careless), ContainsSubstring("HEAD /: 200") &&
                                    ContainsSubstring("TLSv1.3, not verified, until 20"));
  }
}

TEST_CASE("an https endpoint that speaks no TLS, or does not answer, is told as such") {
  HttpBackend plain("plain");
  HttpBackend legacy("legacy");
  const auto https = [](std::uint16_t port) { return "https://127.0.0.1:" + std::to_string(port); };
  CHECK_THAT(problems(probe(between(legacy.url(), https(plain.port()), ", tls: {verify: false}"))),
             ContainsSubstring("TLS fails: "));
  ScriptedBackend silent(tests::Script{tests::read_to_end()});
  CHECK_THAT(problems(probe(between(legacy.url(), https(silent.port()),
                                    ", tls: {verify: false}, timeouts: {first_byte: 100ms}"))),
             ContainsSubstring("no handshake within 100ms"));
}

TEST_CASE("an https endpoint that wants a certificate is shown the backend's own") {
  HttpBackend legacy("legacy");
  tests::TlsTerms terms = with(TestCertificate::self_signed());
  terms.want_client_certificate = true;
  TlsBackend backend(terms, tests::serve_each("ok"));
  const TestCertificate own = TestCertificate::self_signed({{"ficus.test"}});
  const TemporaryFolder files;
  const std::string identity =
      ", certificate: " + files.write("own.pem", own.certificate_pem()).string() +
      ", private_key: " + files.write("own.key", own.key_pem()).string();
  CHECK_THAT(
      lines(probe(between(legacy.url(), backend.url(), ", tls: {verify: false" + identity + "}"))),
      ContainsSubstring("HEAD /: 200"));
  CHECK(backend.client_name() == "ficus.test");
  CHECK_FALSE(
      problems(probe(between(legacy.url(), backend.url(), ", tls: {verify: false}"))).empty());
}

TEST_CASE(
    "an endpoint on a unix socket is asked, and one that is not there is told with its path") {
  HttpBackend legacy("legacy");
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "shop.sock").string();
  const auto ask = [&] { return probe(between(legacy.url(), "unix:" + path)); };
  CHECK_THAT(problems(ask()), ContainsSubstring("cannot be reached: No such file or directory"));
  UnixBackend backend(path, answer("200 OK", "text/plain"));
  const ProbeReport report = ask();
  CHECK_THAT(lines(report), ContainsSubstring("new  unix:" + path + "  HEAD /: 200 text/plain"));
  CHECK(problems(report).empty());
  CHECK_THAT(backend.last_request(), ContainsSubstring("Host: localhost\r\n"));
}

}  // namespace ficus::control
