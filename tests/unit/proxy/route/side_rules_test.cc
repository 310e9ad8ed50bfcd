#include "proxy/route/side_rules.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "proxy/guard/outcome_epoch.h"
#include "proxy/route/sticky_key.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

using Kind = config::StickySource::Kind;

config::Weight percent(double value) { return config::Weight::from_percent(value).value(); }

SideRequest from_user(const FakeHeaders& headers) {
  SideRequest request;
  request.view = request_with(headers);
  request.client = client_at("10.1.1.1");
  return request;
}

SideTerms sticky_by(const config::Sticky& sticky, std::string_view group) {
  SideTerms terms;
  terms.sticky = &sticky;
  terms.sticky_seed = sticky_seed(group);
  return terms;
}

TEST_CASE("the rules are asked in their order", "[side_rules]") {
  CompiledOverride override_by;
  override_by.header = "X-Ficus-Side";
  override_by.from = CidrSet::parse({"10.0.0.0/8"}).value();
  config::AssignRule tenant;
  tenant.headers = {{"X-Tenant", "acme"}};
  tenant.side = config::SideName::fresh;
  const std::vector<CompiledAssign> assign{compile_assign(tenant, {})};
  config::Sticky sticky;
  sticky.by = {{Kind::header, "X-Account"}};

  const FakeHeaders everything{{"X-Ficus-Side", "new"}, {"X-Tenant", "acme"}, {"X-Account", "a"}};
  SideTerms terms = at_weight(sticky_by(sticky, "shop"), percent(50));
  terms.override_by = &override_by;
  terms.assign = &assign;
  terms.lane = LaneState::latched;
  terms.fresh = SideHealth::absent;
  const SideRequest request = from_user(everything);

  RuledSide ruled = rule_side(terms, request);
  CHECK(ruled.reason == SideReason::only_side);
  CHECK(ruled.side == Side::legacy);

  terms.fresh = SideHealth::healthy;
  ruled = rule_side(terms, request);
  CHECK(ruled.reason == SideReason::override_);
  CHECK(ruled.side == Side::fresh);

  terms.override_by = nullptr;
  ruled = rule_side(terms, request);
  CHECK(ruled.reason == SideReason::rollback);
  CHECK(ruled.side == Side::legacy);
  terms.lane = LaneState::retreated;
  CHECK(rule_side(terms, request).reason == SideReason::rollback);

  terms.lane = LaneState::open;
  ruled = rule_side(terms, request);
  CHECK(ruled.reason == SideReason::assign);
  CHECK(ruled.side == Side::fresh);
  CHECK(ruled.key == sticky_hash("a", terms.sticky_seed));

  terms.assign = nullptr;
  ruled = rule_side(terms, request);
  CHECK(ruled.reason == SideReason::sticky);
  CHECK(ruled.key == sticky_hash("a", terms.sticky_seed));

  const FakeHeaders nothing;
  ruled = rule_side(terms, from_user(nothing));
  CHECK(ruled.reason == SideReason::weight);
  CHECK_FALSE(ruled.side);
}

TEST_CASE("a route with the new side alone needs no rule", "[side_rules]") {
  SideTerms terms;
  terms.legacy = SideHealth::absent;
  terms.lane = LaneState::latched;
  const FakeHeaders nothing;
  const RuledSide ruled = rule_side(terms, from_user(nothing));
  CHECK(ruled.reason == SideReason::only_side);
  CHECK(ruled.side == Side::fresh);
}

TEST_CASE("keeps a client on the new side while the weight rises", "[side_rules]") {
  config::Sticky sticky;
  sticky.by = {{Kind::header, "X-Account"}};
  const SideTerms terms = sticky_by(sticky, "shop");
  constexpr int kUsers = 2'000;
  std::vector<bool> on_new(kUsers, false);
  for (int weight = 0; weight <= 100; ++weight) {
    int fresh = 0;
    for (int user = 0; user < kUsers; ++user) {
      const FakeHeaders headers{{"X-Account", "user-" + std::to_string(user)}};
      const RuledSide ruled = rule_side(at_weight(terms, percent(weight)), from_user(headers));
      const bool now_new = ruled.side == Side::fresh;
      const auto place = static_cast<std::size_t>(user);
      REQUIRE((now_new || !on_new[place]));
      on_new[place] = now_new;
      if (now_new) ++fresh;
    }
    CAPTURE(weight);
    CHECK(std::abs(fresh * 100.0 / kUsers - weight) < 4);
  }
  CHECK(std::count(on_new.begin(), on_new.end(), false) == 0);
}

TEST_CASE("routes of a group agree on a user, other routes decide afresh", "[side_rules]") {
  config::Sticky sticky;
  sticky.by = {{Kind::header, "X-Account"}};
  const SideTerms one = at_weight(sticky_by(sticky, "shop"), percent(50));
  const SideTerms same = at_weight(sticky_by(sticky, "shop"), percent(50));
  const SideTerms lower = at_weight(sticky_by(sticky, "shop"), percent(20));
  const SideTerms other = at_weight(sticky_by(sticky, "catalog"), percent(50));
  int agreeing_with_other = 0;
  for (int user = 0; user < 2'000; ++user) {
    const FakeHeaders headers{{"X-Account", std::to_string(user)}};
    const SideRequest request = from_user(headers);
    const auto side = rule_side(one, request).side;
    REQUIRE(side == rule_side(same, request).side);
    if (rule_side(lower, request).side == Side::fresh) REQUIRE(side == Side::fresh);
    if (side == rule_side(other, request).side) ++agreeing_with_other;
  }
  CHECK(std::abs(agreeing_with_other - 1'000) < 120);
}

TEST_CASE("a key between the ramp and the weight waits on legacy", "[side_rules]") {
  SideTerms terms;
  terms.weight = percent(50);
  terms.sticky_threshold = sticky_threshold(percent(10));
  const auto below = [](double share) { return sticky_threshold(percent(share)) - 1; };

  CHECK(rule_key(terms, below(10)).side == Side::fresh);
  CHECK(rule_key(terms, below(10)).reason == SideReason::sticky);
  CHECK(rule_key(terms, below(10) + 1).side == Side::legacy);
  CHECK(rule_key(terms, below(10) + 1).reason == SideReason::slow_start);
  CHECK(rule_key(terms, below(50)).reason == SideReason::slow_start);
  CHECK(rule_key(terms, below(50) + 1).side == Side::legacy);
  CHECK(rule_key(terms, below(50) + 1).reason == SideReason::sticky);
}

TEST_CASE("a key is generated for who brings none, but not at weight 0", "[side_rules]") {
  config::Sticky sticky;
  sticky.by = {{Kind::cookie, "uid"}, {Kind::generated, ""}};
  const SideTerms terms = sticky_by(sticky, "shop");
  const FakeHeaders nothing;
  const FakeHeaders known{{"Cookie", "uid=1"}};
  CHECK(rule_side(at_weight(terms, percent(1)), from_user(nothing)).generate_key);
  CHECK(rule_side(at_weight(terms, percent(100)), from_user(nothing)).generate_key);
  CHECK_FALSE(rule_side(at_weight(terms, percent(0)), from_user(nothing)).generate_key);
  CHECK_FALSE(rule_side(at_weight(terms, percent(1)), from_user(known)).generate_key);
}

}  // namespace
}  // namespace ficus::proxy
