#include "proxy/route/override.h"

#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kSecret = "correct horse battery staple";

CompiledOverride terms() {
  CompiledOverride result;
  result.header = "X-Ficus-Side";
  result.cookie = "ficus_side";
  return result;
}

CompiledOverride trusting_network() {
  CompiledOverride result = terms();
  result.from = CidrSet::parse({"10.0.0.0/8"}).value();
  return result;
}

CompiledOverride trusting_secret() {
  CompiledOverride result = terms();
  result.secret = kSecret;
  return result;
}

std::optional<Side> ask(const CompiledOverride& terms, const FakeHeaders& headers,
                        const char* ip = "10.1.1.1") {
  return override_side(terms, request_with(headers), client_at(ip), kNow);
}

TEST_CASE("a trusted address chooses its side by header or cookie", "[override]") {
  const CompiledOverride trusting = trusting_network();
  CHECK(ask(trusting, {{"x-ficus-side", "new"}}) == Side::fresh);
  CHECK(ask(trusting, {{"X-Ficus-Side", "legacy"}}) == Side::legacy);
  CHECK(ask(trusting, {{"Cookie", "a=b; ficus_side=new"}}) == Side::fresh);
  CHECK(ask(trusting, {{"X-Ficus-Side", "legacy"}, {"Cookie", "ficus_side=new"}}) == Side::legacy);
  CHECK(ask(trusting, {{"X-Ficus-Side", "junk"}, {"Cookie", "ficus_side=new"}}) == Side::fresh);
}

TEST_CASE("nobody else does", "[override]") {
  CHECK_FALSE(ask(trusting_network(), {{"X-Ficus-Side", "new"}}, "192.0.2.1"));
  CHECK_FALSE(ask(terms(), {{"X-Ficus-Side", "new"}}));
  CHECK_FALSE(ask(trusting_secret(), {{"X-Ficus-Side", "new"}}));
  CHECK_FALSE(ask(CompiledOverride{}, {{"X-Ficus-Side", "new"}}));
  for (const char* value : {"", "New", "fresh", "new ", "new,legacy", "1"}) {
    CAPTURE(value);
    CHECK_FALSE(ask(trusting_network(), {{"X-Ficus-Side", value}}));
  }
}

TEST_CASE("a signed value is believed from anywhere until it expires", "[override]") {
  const std::string value = sign_override(Side::fresh, kNow + 60, kSecret);
  CHECK(ask(trusting_secret(), {{"X-Ficus-Side", value}}, "192.0.2.1") == Side::fresh);
  CHECK(ask(trusting_secret(), {{"Cookie", "ficus_side=" + value}}, "::1") == Side::fresh);
  const std::string old = sign_override(Side::fresh, kNow, kSecret);
  CHECK_FALSE(ask(trusting_secret(), {{"X-Ficus-Side", old}}));
  CHECK_FALSE(ask(trusting_network(), {{"X-Ficus-Side", value}}));
}

TEST_CASE("the signature is HMAC-SHA256 in lower-case hex", "[override]") {
  // printf new.1700000060 | openssl dgst -sha256 -hmac 'correct horse battery staple'
  CHECK(sign_override(Side::fresh, kNow + 60, kSecret) ==
        "new.1700000060.a907bea0eedc2035461cdecdd6e2ba84a7a1b5a8d682b376f0a63135c85f144c");
}

TEST_CASE("a signed value with any byte changed or cut is worth nothing", "[override]") {
  const std::string value = sign_override(Side::fresh, kNow + 60, kSecret);
  for (std::size_t i = 0; i < value.size(); ++i) {
    CHECK_FALSE(ask(trusting_secret(), {{"X-Ficus-Side", value.substr(0, i)}}));
    for (const char other : {'0', 'F', '.', ' '}) {
      std::string changed = value;
      if (changed[i] == other) continue;
      changed[i] = other;
      CAPTURE(changed);
      CHECK_FALSE(ask(trusting_secret(), {{"X-Ficus-Side", changed}}));
    }
  }
  CHECK_FALSE(ask(trusting_secret(), {{"X-Ficus-Side", value + "0"}}));
  CHECK_FALSE(
      ask(trusting_secret(), {{"X-Ficus-Side", sign_override(Side::fresh, kNow + 60, "other")}}));
}

}  // namespace
}  // namespace ficus::proxy
