// TLS between clients and the proxy.

#include <chrono>
#include <csignal>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include "tests/integration/data_plane/tls_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"

using namespace ficus::tests;

namespace {

struct Served {
  CertificateFolder files;
  TestCertificate certificate = TestCertificate::self_signed();
  ScriptedBackend backend;
  FicusProcess ficus;

  explicit Served(Script script = answer_each(ok("hello")), const std::string& tls = {},
                  const std::string& listener = {})
      : backend(std::move(script)),
        ficus(tls_listener({files.add("site", certificate)}, tls, listener) +
              in_front_of(backend)) {}
};

std::string failures(const FicusProcess& ficus, const std::string& reason) {
  return sample(ficus, "ficus_tls_handshake_failures_total{listener=\"127.0.0.1:0\",reason=\"" +
                           reason + "\"}");
}

}  // namespace

TEST_CASE("tls listener: TLS 1.2 and 1.3 are spoken, older versions are not") {
  Served it;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms;
    terms.min_version = terms.max_version = version;
    const auto client = tls_connect(it.ficus.port(), terms);
    CHECK(client->version() == version);
    for (int i = 0; i < 3; ++i) CHECK(client->exchange(request("GET /")).body == "hello");
  }
  TlsTerms old;
  old.min_version = TLS1_VERSION;
  old.max_version = TLS1_1_VERSION;
  CHECK_THROWS_AS(tls_connect(it.ficus.port(), old), HarnessError);
}

TEST_CASE("tls listener: min_version 1.3 refuses TLS 1.2, and counts it") {
  Served it(answer_each(ok("hello")), "min_version: \"1.3\"");
  TlsTerms terms;
  terms.max_version = TLS1_2_VERSION;
  CHECK_THROWS_AS(tls_connect(it.ficus.port(), terms), HarnessError);
  CHECK(tls_connect(it.ficus.port())->exchange(request("GET /")).body == "hello");
  CHECK(
      sample(
          it.ficus,
          "ficus_tls_handshake_failures_total{listener=\"127.0.0.1:0\",reason=\"no_agreement\"}") ==
      "1");
}

TEST_CASE("tls listener: the backend and the cookie learn that the client came by https") {
  CertificateFolder files;
  ScriptedBackend backend(answer_each(ok("hello")));
  FicusProcess ficus(
      tls_listener({files.add("site", TestCertificate::self_signed())}) +
      split({backend.url()}, {backend.url()}, {50, "sticky: {by: [generated]}, writes: shared"}));
  const auto client = tls_connect(ficus.port());
  const HttpMessage answer = client->exchange(request("GET /"));
  CHECK(backend.wait_for_request().header("X-Forwarded-Proto") == "https");
  REQUIRE(answer.header("Set-Cookie"));
  CHECK_THAT(*answer.header("Set-Cookie"), ContainsSubstring("; Secure"));
}

TEST_CASE("tls listener: the cookie of a pin goes back by https only") {
  CertificateFolder files;
  ScriptedBackend backend;
  FicusProcess ficus(tls_listener({files.add("site", TestCertificate::self_signed())}) +
                     split({backend.url()}, {backend.url()},
                           {50, "sticky: {by: [\"header:X-Account\"], pin_after_write: 60s}"}));
  const auto client = tls_connect(ficus.port());
  const HttpMessage answer = client->exchange(request("POST /", "Content-Length: 1\r\n", "x"));
  REQUIRE(answer.header("Set-Cookie"));
  CHECK_THAT(*answer.header("Set-Cookie"), ContainsSubstring("ficus_pin_shop="));
  CHECK_THAT(*answer.header("Set-Cookie"), ContainsSubstring("; Secure"));
}

TEST_CASE("tls listener: a drain waits for the hello of a client that has only just come") {
  Served it;
  const auto began = std::chrono::steady_clock::now();
  Descriptor socket = connect_to_loopback(it.ficus.port());
  it.ficus.process().signal(SIGTERM);
  wait_until_refused(it.ficus.port());
  TlsStream client(std::move(socket), TlsStream::Role::client, {});
  std::string fault;
  HttpMessage answer;
  try {
    fault = client.handshake();
    if (fault.empty()) answer = client.exchange(request("GET /"));
  } catch (const HarnessError& error) {
    fault = error.what();
  }
  // It waits for a second, which a busy machine may have needed for the lines above.
  if (std::chrono::steady_clock::now() - began < milliseconds(900)) {
    CHECK(fault.empty());
    CHECK(answer.body == "hello");
    CHECK(answer.header("Connection") == "close");
  }
  CHECK(it.ficus.process().wait().code == 0);
}

TEST_CASE("tls listener: the certificate follows the name that the client asks for") {
  CertificateFolder files;
  ScriptedBackend backend;
  CertificateTerms rsa{{"shop.test"}};
  rsa.key = TestKey::rsa;
  FicusProcess ficus(
      tls_listener({files.add("first", TestCertificate::self_signed({{"first.test"}})),
                    files.add("shop", TestCertificate::self_signed({{"shop.test"}})),
                    files.add("shop-rsa", TestCertificate::self_signed(rsa)),
                    files.add("wild", TestCertificate::self_signed({{"*.shop.test"}}))}) +
      in_front_of(backend));
  const auto shown = [&](const std::string& name) {
    TlsTerms terms;
    terms.server_name = name;
    return tls_connect(ficus.port(), terms)->peer_name();
  };
  CHECK(shown("shop.test") == "shop.test");
  CHECK(shown("SHOP.test") == "shop.test");
  CHECK(shown("a.shop.test") == "*.shop.test");
  CHECK(shown("a.b.shop.test") == "first.test");
  CHECK(shown("elsewhere.test") == "first.test");
  CHECK(shown("") == "first.test");

  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms;
    terms.server_name = "shop.test";
    terms.max_version = terms.min_version = version;
    terms.signatures = "RSA-PSS+SHA256:RSA+SHA256";
    CHECK(tls_connect(ficus.port(), terms)->peer_key_type() == EVP_PKEY_RSA);
    terms.signatures = "ECDSA+SHA256";
    CHECK(tls_connect(ficus.port(), terms)->peer_key_type() == EVP_PKEY_EC);
  }
}

TEST_CASE("tls listener: http/1.1 is agreed on, and nothing but HTTP/1") {
  Served it;
  const auto agreed = [&](std::vector<std::string> offered) {
    TlsTerms terms;
    terms.alpn = std::move(offered);
    return tls_connect(it.ficus.port(), terms)->alpn();
  };
  CHECK(agreed({"h2", "http/1.1"}) == "http/1.1");
  CHECK(agreed({"http/1.0", "http/1.1"}) == "http/1.1");
  CHECK(agreed({"http/1.0"}) == "http/1.0");
  CHECK(agreed({}).empty());
  CHECK_THROWS_WITH(agreed({"h2"}), ContainsSubstring("no application protocol"));
}

TEST_CASE("tls listener: sessions are resumed, by both versions, over a reload, by all workers") {
  CertificateFolder files;
  HttpBackend backend("b");
  const std::string configuration =
      tls_listener({files.add("one", TestCertificate::self_signed({{"one.test"}})),
                    files.add("two", TestCertificate::self_signed({{"two.test"}}))}) +
      "workers: 3\nbackends: {b: {endpoints: [\"" + backend.url() +
      "\"]}}\nroutes: [{name: r, match: {path_prefix: /}, legacy: b}]\n";
  FicusProcess ficus(configuration);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms;
    terms.server_name = "one.test";
    terms.max_version = terms.min_version = version;
    {
      const auto first = tls_connect(ficus.port(), terms);
      CHECK_FALSE(first->resumed());
      first->exchange(request("GET /"));
      terms.session = first->session();
    }
    for (int i = 0; i < 6; ++i) {
      const auto again = tls_connect(ficus.port(), terms);
      CHECK(again->resumed());
      again->exchange(request("GET /"));
      terms.session = again->session();
    }
    CHECK_THAT(ficus.reload(configuration), ContainsSubstring("configuration reloaded"));
    CHECK(tls_connect(ficus.port(), terms)->resumed());
    // Another certificate is another server.
    terms.server_name = "two.test";
    const auto other = tls_connect(ficus.port(), terms);
    CHECK_FALSE(other->resumed());
    CHECK(other->peer_name() == "two.test");
  }
}

TEST_CASE("tls listener: a stapled OCSP response reaches the client that asks") {
  CertificateFolder files;
  ScriptedBackend backend;
  const TestCertificate certificate = TestCertificate::self_signed();
  std::string identity = files.add("site", certificate);
  const std::string response = certificate.ocsp_response();
  files.folder().write("site.ocsp", response);
  identity.insert(identity.size() - 1, ", ocsp_response: " + files.file("site.ocsp"));
  FicusProcess ficus(tls_listener({identity}) + in_front_of(backend));
  TlsTerms terms;
  terms.want_ocsp = true;
  CHECK(tls_connect(ficus.port(), terms)->ocsp() == response);
  terms.max_version = TLS1_2_VERSION;
  CHECK(tls_connect(ficus.port(), terms)->ocsp() == response);
  CHECK(tls_connect(ficus.port())->ocsp().empty());
}

TEST_CASE("tls listener: large bodies pass both ways, to a client that reads late") {
  const std::string up = numbered(3'000'000);
  const std::string down = numbered(4'000'000);
  Served it({read_request(), send(ok(down)), again()});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerms terms;
    terms.max_version = version;
    const auto client = tls_connect(it.ficus.port(), terms);
    const int small = 64 * 1024;
    ::setsockopt(client->descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client->send(request("POST /", "Content-Length: " + std::to_string(up.size()) + "\r\n", up));
    it.backend.wait_for_request(version == TLS1_2_VERSION ? 0 : 1);
    CHECK(client->read_message().body == down);
    CHECK(client->exchange(request("GET /")).body == down);
  }
  CHECK(it.backend.wait_for_request(0).body == up);
}

TEST_CASE("tls listener: requests sent at once are answered one after the other") {
  Served it;
  const auto client = tls_connect(it.ficus.port());
  std::string many;
  for (int i = 0; i < 200; ++i) many += request("GET /" + std::to_string(i));
  client->send(many);
  for (int i = 0; i < 200; ++i) CHECK(client->read_message().body == "hello");
  CHECK(it.backend.wait_for_request(199).target() == "/199");
}

TEST_CASE("tls listener: keys may be changed in the middle of a connection") {
  const std::string body = numbered(400'000);
  Served it(answer_each(ok(body)));
  const auto client = tls_connect(it.ficus.port());
  for (int i = 0; i < 5; ++i) {
    CHECK(client->exchange(request("GET /")).body == body);
    client->update_keys();
  }
  client->send(request("GET /"));
  client->update_keys();
  client->send(request("GET /"));
  CHECK(client->read_message().body == body);
  CHECK(client->read_message().body == body);
}

TEST_CASE("tls listener: records without data do not keep an idle connection open") {
  const bool served_one = GENERATE(true, false);
  CAPTURE(served_one);
  Served it(answer_each(ok("hello")), {},
            served_one ? "timeouts: {keep_alive: 300ms}" : "timeouts: {request_head: 300ms}");
  const auto client = tls_connect(it.ficus.port());
  if (served_one) CHECK(client->exchange(request("GET /")).body == "hello");
  const Deadline deadline;
  pollfd ended{client->descriptor(), POLLRDHUP, 0};
  while (::poll(&ended, 1, 20) == 0) {
    deadline.require("the end of an idle connection");
    REQUIRE(client->send_key_update());
  }
  CHECK(client->read_to_end().empty());
}

TEST_CASE("tls listener: a tunnel carries bytes and each side's end") {
  Served it({read_head(),
             send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
                  "early"),
             read_to_end(), send("late"), close_connection()});
  const auto client = tls_connect(it.ficus.port());
  client->send(request("GET /", "Connection: Upgrade\r\nUpgrade: x\r\n"));
  client->read_until("early");
  client->send("ping");
  client->end_sending();
  CHECK(client->read_to_end() == "late");
  CHECK(client->end() == TlsStream::End::close_notify);
  CHECK_THAT(it.backend.received(), ContainsSubstring("ping"));
}

TEST_CASE("tls listener: a whole answer ends in close_notify, a cut one without framing does not") {
  Served it({read_request(), send("HTTP/1.0 200 OK\r\n\r\nall of it"), close_connection()});
  {
    const auto client = tls_connect(it.ficus.port());
    client->send("GET / HTTP/1.0\r\n\r\n");
    CHECK_THAT(client->read_to_end(), ContainsSubstring("all of it"));
    CHECK(client->end() == TlsStream::End::close_notify);
  }
  it.backend.on_every_connection(
      {read_request(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
       reset_connection()});
  const auto client = tls_connect(it.ficus.port());
  client->send("GET / HTTP/1.0\r\n\r\n");
  client->read_to_end();
  CHECK(client->end() != TlsStream::End::close_notify);
}

TEST_CASE("tls listener: a client that ends its direction still gets its answer") {
  Served it({read_request(), hold(), send(ok("late")), read_to_end()});
  const auto client = tls_connect(it.ficus.port());
  client->send(request("GET /"));
  client->end_sending();
  it.backend.wait_for_request();
  it.backend.release();
  CHECK(client->read_message().body == "late");
}

TEST_CASE("tls listener: a body that is cut without close_notify is not passed on as whole") {
  Served it({read_to_end()});
  const auto client = tls_connect(it.ficus.port());
  client->send(request("POST /", "Transfer-Encoding: chunked\r\n", chunk("half")));
  it.backend.wait_for_connection();
  client->cut();
  it.backend.wait_for_end_of_connection();
  CHECK(it.backend.received().find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("tls listener: a plain HTTP request is told to use https, and counted") {
  Served it;
  for (const char* method : {"GET", "DELETE", "get", "CONNECT"}) {
    RawClient client(it.ficus.port());
    client.send(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    const HttpMessage answer = client.read_response();
    CHECK(answer.raw.starts_with("HTTP/1.1 400 "));
    CHECK_THAT(answer.body, ContainsSubstring("https://"));
    CHECK(client.is_closed());
  }
  CHECK(sample(
            it.ficus,
            "ficus_tls_handshake_failures_total{listener=\"127.0.0.1:0\",reason=\"plain_http\"}") ==
        "4");
}

TEST_CASE("tls listener: a plain HTTP request is known for one wherever its first bytes are cut") {
  Served it;
  const std::string asked = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 1; cut < 12; ++cut) {
    RawClient client(it.ficus.port());
    send_at_once(client.descriptor());
    client.send(asked.substr(0, cut));
    // By then the first piece was most likely read; the answer is the same if not.
    RawClient(it.ficus.port()).send("x");
    client.send(asked.substr(cut));
    CHECK(client.read_response().status() == 400);
  }
  CHECK(failures(it.ficus, "plain_http") == "11");
}

TEST_CASE("tls listener: what is neither TLS nor HTTP gets no answer of HTTP, and is counted") {
  Served it;
  int count = 0;
  const auto says = [&](const std::string& bytes) {
    RawClient noise(it.ficus.port());
    noise.send(bytes);
    CHECK_THAT(noise.read_to_end(), !ContainsSubstring("HTTP"));
    ++count;
  };
  says("SSH-2.0-OpenSSH_9.2 some comment\r\n");
  says(std::string(300, '\0'));
  says(std::string("\x00\x01\x02\x03\x04\x05\x06\x07", 8));
  says(std::string(300, '\xff'));
  says(std::string(300, 'A').append(" / HTTP/1.1\r\n\r\n"));
  says("GET\t/\r\n\r\n");
  says(std::string("\x16\x09\x09\x00\x10", 5).append(16, 'a'));
  CHECK(failures(it.ficus, "plain_http") == "0");
  CHECK(failures(it.ficus, "malformed") == std::to_string(count));
}

TEST_CASE("tls listener: a client that resets during the handshake is counted as one that left") {
  Served it;
  RawClient leaves(it.ficus.port());
  leaves.send("\x16\x03\x01");
  leaves.reset();
  CHECK(eventually([&] { return failures(it.ficus, "closed") == "1"; }));
  // One that never said anything looked whether the port is open.
  RawClient(it.ficus.port()).reset();
  CHECK(tls_connect(it.ficus.port())->exchange(request("GET /")).body == "hello");
  CHECK(failures(it.ficus, "closed") == "1");
}

TEST_CASE("tls listener: who does not finish the handshake is let go, and counted") {
  Served it(answer_each(ok("hello")), {}, "timeouts: {tls_handshake: 1s}");
  RawClient silent(it.ficus.port());
  RawClient slow(it.ficus.port());
  slow.send("\x16\x03\x01");
  CHECK(silent.is_closed());
  CHECK(slow.is_closed());
  CHECK(sample(it.ficus,
               "ficus_tls_handshake_failures_total{listener=\"127.0.0.1:0\",reason=\"timeout\"}") ==
        "2");
  CHECK(tls_connect(it.ficus.port())->exchange(request("GET /")).body == "hello");
}

namespace {

// Carries bytes between two sockets, one at a time.
void carry(int from, int to, const Deadline& deadline) {
  char byte;
  while (wait_for(from, Readiness::read, deadline)) {
    if (::recv(from, &byte, 1, 0) <= 0) break;
    if (::send(to, &byte, 1, MSG_NOSIGNAL) != 1) break;
  }
  ::shutdown(to, SHUT_WR);
}

}  // namespace

TEST_CASE("tls listener: handshake, request and answer may arrive byte by byte") {
  Served it;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Descriptor near(ends[1]);
    const Descriptor far = connect_to_loopback(it.ficus.port());
    send_at_once(far.get());
    const Deadline deadline;
    std::thread up([&] { carry(near.get(), far.get(), deadline); });
    std::thread down([&] { carry(far.get(), near.get(), deadline); });
    {
      TlsTerms terms;
      terms.max_version = version;
      TlsStream client{Descriptor(ends[0]), TlsStream::Role::client, terms};
      CHECK(client.handshake().empty());
      CHECK(client.exchange(request("GET /")).body == "hello");
      CHECK(client.exchange(request("GET /")).body == "hello");
    }
    up.join();
    down.join();
  }
}

TEST_CASE("tls listener: when the certificates end can be read from the metrics") {
  Served it;
  const std::string end =
      sample(it.ficus, "ficus_tls_certificate_not_after_seconds{name=\"localhost\"}");
  REQUIRE_FALSE(end.empty());
  const double left = std::stod(end) - static_cast<double>(std::time(nullptr));
  CHECK(left > 3000);
  CHECK(left < 3700);
}
