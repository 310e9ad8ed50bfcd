// Which certificates a client may get, by the name that it asks for.
#include "proxy/net/tls_server.h"

#include <map>

#include "tests/support/catch.h"
#include "tests/support/test_certificate.h"

namespace ficus::proxy {
namespace {

using tests::TestCertificate;
using tests::TestKey;
using Indexes = std::vector<std::size_t>;

struct Named {
  std::vector<std::string> names;
  TestKey key = TestKey::ecdsa;
};

// Keys of RSA take long to make: one for all.
const TestCertificate& certificate(TestKey key) {
  static std::map<TestKey, TestCertificate> made;
  const auto found = made.find(key);
  if (found != made.end()) return found->second;
  tests::CertificateTerms terms;
  terms.key = key;
  return made.emplace(key, TestCertificate::self_signed(terms)).first->second;
}

TlsCredentials credentials(const Named& named) {
  const TestCertificate& from = certificate(named.key);
  TlsCredentials result;
  X509_up_ref(from.certificate());
  result.leaf.reset(from.certificate());
  EVP_PKEY_up_ref(from.key());
  result.key.reset(from.key());
  result.names = named.names;
  return result;
}

std::shared_ptr<const TlsServer> server(const std::vector<Named>& all) {
  std::vector<TlsCredentials> list;
  for (const Named& named : all) list.push_back(credentials(named));
  auto made = TlsServer::make(std::move(list), config::TlsVersion::tls_1_2);
  REQUIRE(std::holds_alternative<std::shared_ptr<const TlsServer>>(made));
  return std::get<std::shared_ptr<const TlsServer>>(made);
}

}  // namespace

TEST_CASE(
    "SNI: the very name goes before a wildcard, whatever the order, and that before the first") {
  for (const bool wildcard_first : {true, false}) {
    const Named wildcard{{"*.shop.test"}};
    const Named exact{{"www.shop.test", "shop.test"}};
    const auto choice = server(
        {{{"first.test"}}, wildcard_first ? wildcard : exact, wildcard_first ? exact : wildcard});
    const std::size_t of_exact = wildcard_first ? 2 : 1;
    const std::size_t of_wildcard = wildcard_first ? 1 : 2;
    CHECK(choice->candidates("www.shop.test") == Indexes{of_exact});
    CHECK(choice->candidates("shop.test") == Indexes{of_exact});
    CHECK(choice->candidates("api.shop.test") == Indexes{of_wildcard});
    CHECK(choice->candidates("first.test") == Indexes{0});
    CHECK(choice->candidates("other.test") == Indexes{0});
    CHECK(choice->candidates("") == Indexes{0});
  }
}

TEST_CASE("SNI: a wildcard stands for exactly one label, the first") {
  const auto choice = server({{{"first.test"}}, {{"*.shop.test"}}, {{"*.eu.shop.test"}}});
  CHECK(choice->candidates("a.shop.test") == Indexes{1});
  CHECK(choice->candidates("eu.shop.test") == Indexes{1});
  CHECK(choice->candidates("a.eu.shop.test") == Indexes{2});
  for (const char* name : {"shop.test", ".shop.test", "a.b.shop.test", "a.us.shop.test",
                           "ashop.test", "a.shop.test.evil", "test", ".", ".."}) {
    CAPTURE(name);
    CHECK(choice->candidates(name) == Indexes{0});
  }
}

TEST_CASE("SNI: case does not matter, and bytes that are no name get the first") {
  const auto choice = server({{{"first.test"}}, {{"www.shop.test"}}, {{"*.api.test"}}});
  CHECK(choice->candidates("WWW.Shop.TEST") == Indexes{1});
  CHECK(choice->candidates("V1.API.test") == Indexes{2});
  CHECK(choice->candidates(std::string_view("www.shop.test\0", 14)) == Indexes{0});
  CHECK(choice->candidates("www.shop.test ") == Indexes{0});
  CHECK(choice->candidates(std::string(70'000, 'a')) == Indexes{0});
}

TEST_CASE(
    "SNI: with RSA and ECDSA for one name, the client's algorithms have both to choose from") {
  const Named rsa{{"www.shop.test", "rsa.test"}, TestKey::rsa};
  const Named ecdsa{{"www.shop.test", "ecdsa.test"}};
  const auto choice = server({{{"first.test"}}, rsa, ecdsa, {{"www.shop.test"}}});
  CHECK(choice->candidates("www.shop.test") == Indexes{1, 2});  // the second ECDSA is too late
  CHECK(choice->candidates("rsa.test") == Indexes{1});
  CHECK(choice->candidates("ecdsa.test") == Indexes{2});
}

TEST_CASE("SNI: who names nothing has both types to choose from, if the first has a like") {
  const Named rsa{{"www.shop.test"}, TestKey::rsa};
  CHECK(server({rsa, {{"www.shop.test"}}})->candidates("") == Indexes{0, 1});
  CHECK(server({rsa, {{"other.test"}}})->candidates("") == Indexes{0});
}

}  // namespace ficus::proxy
