#include "proxy/route/sticky_key.h"

#include <string>
#include <vector>

#include "proxy/guard/outcome_epoch.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

using Kind = config::StickySource::Kind;

config::Sticky by(std::vector<config::StickySource> sources) {
  config::Sticky result;
  result.by = std::move(sources);
  return result;
}

constexpr std::uint64_t kSeed = 7;

std::optional<std::uint64_t> key_of(const config::Sticky& sticky, const FakeHeaders& headers,
                                    std::string_view query = {}) {
  RequestView request = request_with(headers);
  request.query = query;
  return find_sticky_key(sticky, kSeed, request, client_at("192.0.2.1"));
}

TEST_CASE("the hash of a key never changes", "[sticky]") {
  // If this fails, an upgrade moves users from side to side. Do not mend the numbers.
  CHECK(sticky_seed("shop") == 17580852520372243673u);
  CHECK(sticky_hash("user-1", sticky_seed("shop")) == 2739416765050683690u);
  CHECK(sticky_hash("", sticky_seed("shop")) == 6445586819098463209u);
  CHECK(sticky_hash("0123456789abcdef0123456789abcdef", sticky_seed("catalog")) ==
        3551204930432327399u);
  CHECK(sticky_hash(std::string(300, 'x'), 0) == 5974264806455384746u);
  CHECK(sticky_hash(client_at("192.0.2.1"), sticky_seed("shop")) == 6727499485338575915u);
  CHECK(sticky_hash(client_at("2001:db8::1"), sticky_seed("shop")) == 4450111156048422379u);
}

TEST_CASE("a hash has 63 bits", "[sticky]") {
  for (int i = 0; i < 1'000; ++i) CHECK(sticky_hash(std::to_string(i), kSeed) < kHashScale);
}

TEST_CASE("the first source that is present gives the key", "[sticky]") {
  const config::Sticky sticky = by({{Kind::header, "X-Account"},
                                    {Kind::cookie, "uid"},
                                    {Kind::query, "user"},
                                    {Kind::client_ip, ""}});
  const auto hash = [](std::string_view key) { return sticky_hash(key, kSeed); };
  CHECK(key_of(sticky, {{"x-account", "a"}, {"Cookie", "uid=b"}}, "user=c") == hash("a"));
  CHECK(key_of(sticky, {{"Cookie", "uid=b"}}, "user=c") == hash("b"));
  CHECK(key_of(sticky, {}, "x=1&user=c") == hash("c"));
  CHECK(key_of(sticky, {}) == sticky_hash(client_at("192.0.2.1"), kSeed));
}

TEST_CASE("an empty value is as good as absent", "[sticky]") {
  const config::Sticky sticky =
      by({{Kind::header, "X-Account"}, {Kind::cookie, "uid"}, {Kind::query, "user"}});
  CHECK_FALSE(key_of(sticky, {{"X-Account", ""}, {"Cookie", "uid="}}, "user="));
  CHECK(key_of(sticky, {{"X-Account", ""}, {"Cookie", "uid=b"}}) == sticky_hash("b", kSeed));
}

TEST_CASE("a client address is a key whatever its port", "[sticky]") {
  const auto hash = sticky_hash(SocketAddress::parse("192.0.2.1", 1).value(), kSeed);
  CHECK(hash == sticky_hash(SocketAddress::parse("::ffff:192.0.2.1", 2).value(), kSeed));
  CHECK(hash != sticky_hash(client_at("192.0.2.2"), kSeed));
}

TEST_CASE("a generated key comes back in its cookie", "[sticky]") {
  const config::Sticky sticky = by({{Kind::cookie, "uid"}, {Kind::generated, ""}});
  CHECK(generates_key(sticky));
  CHECK_FALSE(generates_key(by({{Kind::cookie, "uid"}})));
  CHECK_FALSE(key_of(sticky, {}));
  CHECK(key_of(sticky, {{"Cookie", "ficus_key=abc"}}) == sticky_hash("abc", kSeed));
  CHECK(key_of(sticky, {{"Cookie", "ficus_key=abc; uid=b"}}) == sticky_hash("b", kSeed));
  CHECK(key_of(sticky, {{"Cookie", "ficus_key=" + std::string(128, 'x')}}));
  CHECK_FALSE(key_of(sticky, {{"Cookie", "ficus_key=" + std::string(129, 'x')}}));
}

TEST_CASE("the cookie of a generated key is for the proxy alone", "[sticky]") {
  Random random(1);
  const RandomHex key = random_hex(random);
  const std::string plain =
      "ficus_key=" + std::string(key.text()) + "; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax";
  CHECK(GeneratedKeyCookie(key, CookieScope::any).text() == plain);
  CHECK(GeneratedKeyCookie(key, CookieScope::secure).text() == plain + "; Secure");
}

TEST_CASE("no cookie goes onto an answer that a shared cache may store", "[sticky]") {
  struct Row {
    const char* cache_control;
    bool may;
  };
  const Row row =
      GENERATE(Row{"public", false}, Row{"max-age=60", false}, Row{"s-maxage=60", false},
               Row{"Public, Max-Age=60", false}, Row{"max-age=0", false}, Row{"no-transform", true},
               Row{"", true}, Row{"private", true}, Row{"no-store", true}, Row{"no-cache", true},
               Row{"max-age=0, private, must-revalidate", true}, Row{"public,no-cache", true},
               Row{"\tPRIVATE ,max-age=60", true}, Row{"private=\"x-user\", max-age=60", false},
               Row{"no-cache=\"a, private, b\", public", false}, Row{"x-private, public", false},
               Row{",, public ,,", false}, Row{"max-age=\"60", false});
  CAPTURE(row.cache_control);
  CHECK(may_set_cookie(FakeHeaders{{"Cache-Control", row.cache_control}}.lookup()) == row.may);
}

TEST_CASE("other fields speak of shared caches too", "[sticky]") {
  CHECK(may_set_cookie(FakeHeaders{}.lookup()));
  CHECK(may_set_cookie(FakeHeaders{{"Last-Modified", "yesterday"}}.lookup()));
  CHECK_FALSE(may_set_cookie(FakeHeaders{{"Expires", "0"}}.lookup()));
  CHECK_FALSE(may_set_cookie(FakeHeaders{{"CDN-Cache-Control", "max-age=1"}}.lookup()));
  CHECK_FALSE(may_set_cookie(FakeHeaders{{"Surrogate-Control", "max-age=1"}}.lookup()));
  CHECK(may_set_cookie(FakeHeaders{{"Expires", "0"}, {"Cache-Control", "no-store"}}.lookup()));
  CHECK_FALSE(may_set_cookie(
      FakeHeaders{{"Cache-Control", "no-transform"}, {"Cache-Control", "public"}}.lookup()));
  CHECK(may_set_cookie(
      FakeHeaders{{"Cache-Control", "public"}, {"Cache-Control", "private"}}.lookup()));
}

}  // namespace
}  // namespace ficus::proxy
