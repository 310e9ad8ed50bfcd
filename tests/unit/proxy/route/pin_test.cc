#include "proxy/route/pin.h"

#include <string>

#include "proxy/route/side_rules.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;

CompiledPin pin_of(std::string_view group, const std::string& key = "key") {
  return {group, key, std::chrono::seconds(60)};
}

// The "name=value" that a client sends back.
std::string pair_of(const CompiledPin& pin, Side side, std::int64_t written = kNow) {
  const PinCookie cookie(pin, {side, written, CookieScope::any});
  const std::string text(cookie.text());
  return text.substr(0, text.find(';'));
}

std::optional<Side> side_of(const CompiledPin& pin, const std::string& cookie,
                            std::int64_t now = kNow, PinCheck check = PinCheck::signature) {
  const FakeHeaders headers{{"Cookie", cookie}};
  return pinned_side(pin, request_with(headers), now, check);
}

TEST_CASE("a pin holds its side until its time is over", "[pin]") {
  const CompiledPin pin = pin_of("shop");
  CHECK(side_of(pin, "a=b; " + pair_of(pin, Side::fresh)) == Side::fresh);
  CHECK(side_of(pin, pair_of(pin, Side::legacy)) == Side::legacy);
  CHECK(side_of(pin, pair_of(pin, Side::fresh), kNow + 59'999) == Side::fresh);
  CHECK_FALSE(side_of(pin, pair_of(pin, Side::fresh), kNow + 60'000));
  CHECK_FALSE(side_of(pin, pair_of(pin, Side::fresh), kNow - 60'000));
  CHECK_FALSE(side_of(pin, "a=b"));
}

TEST_CASE("a pin's cookie is one for this site alone", "[pin]") {
  const PinCookie plain(pin_of("shop"), {Side::fresh, kNow, CookieScope::any});
  const std::string text(plain.text());
  CHECK(text.starts_with("ficus_pin_shop=new.1800000000000."));
  CHECK(text.ends_with("; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"));
  const CompiledPin longest = pin_of(std::string(63, 'g'));
  const PinCookie secure(longest, {Side::legacy, 999'999'999'999'999, CookieScope::secure});
  CHECK(secure.text().ends_with("; SameSite=Lax; Secure"));
  CHECK(side_of(longest, pair_of(longest, Side::legacy)) == Side::legacy);
}

TEST_CASE("a pin that was not signed here, or for another group, holds nobody", "[pin]") {
  const CompiledPin pin = pin_of("shop");
  CHECK_FALSE(side_of(pin, pair_of(pin_of("shop", "other"), Side::fresh)));
  std::string of_another = pair_of(pin_of("cart"), Side::fresh);
  of_another.replace(0, of_another.find('='), "ficus_pin_shop");
  CHECK_FALSE(side_of(pin, of_another));
  CHECK_FALSE(side_of(pin, "ficus_pin_shop=new"));
  CHECK_FALSE(side_of(pin, "ficus_pin_shop=new." + std::to_string(kNow)));
  std::string flipped = pair_of(pin, Side::legacy);
  flipped.replace(flipped.find("legacy"), 6, "new");
  CHECK_FALSE(side_of(pin, flipped));
  CHECK(side_of(pin, "ficus_pin_shop=new." + std::to_string(kNow) + ".x", kNow, PinCheck::none) ==
        Side::fresh);
}

TEST_CASE("a pin that is cut or changed anywhere holds nobody", "[pin]") {
  const CompiledPin pin = pin_of("shop");
  const std::string good = pair_of(pin, Side::fresh);
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(side_of(pin, good.substr(0, size)));
    std::string changed = good;
    changed[size] = static_cast<char>(changed[size] ^ 1);
    CHECK_FALSE(side_of(pin, changed));
  }
}

TEST_CASE("a pin from before a rollback holds nobody afterwards", "[pin]") {
  CompiledPin pin = pin_of("shop");
  const std::string cookie = pair_of(pin, Side::fresh);
  pin.freed_at = kNow + 1;
  CHECK_FALSE(side_of(pin, cookie, kNow + 2));
  CHECK(side_of(pin, pair_of(pin, Side::fresh, kNow + 1), kNow + 2) == Side::fresh);
}

TEST_CASE("a pin comes after assign and before the sticky key", "[pin]") {
  const CompiledPin pin = pin_of("shop");
  config::Sticky sticky;
  sticky.by = {{config::StickySource::Kind::header, "X-Account"}};
  const FakeHeaders headers{{"Cookie", pair_of(pin, Side::fresh)}, {"X-Account", "a"}};
  SideRequest request;
  request.view = request_with(headers);
  request.client = client_at("10.1.1.1");
  request.unix_now_ms = kNow;
  SideTerms terms;
  terms.sticky = &sticky;
  terms.pin = &pin;
  terms = at_weight(terms, config::Weight::from_percent(0.01).value());
  CHECK(rule_side(terms, request).reason == SideReason::pin);
  CHECK(rule_side(terms, request).side == Side::fresh);
  CHECK(rule_side(terms, request).key);

  const std::vector<CompiledAssign> assign{compile_assign({}, {})};
  terms.assign = &assign;
  CHECK(rule_side(terms, request).reason == SideReason::assign);
  terms.assign = nullptr;
  terms.lane = LaneState::latched;
  CHECK(rule_side(terms, request).reason == SideReason::rollback);
  terms.lane = LaneState::open;
  CHECK(rule_side(at_weight(terms, {}), request).reason == SideReason::sticky);
}

}  // namespace
}  // namespace ficus::proxy
