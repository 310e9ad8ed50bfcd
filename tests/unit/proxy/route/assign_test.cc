#include "proxy/route/assign.h"

#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

CompiledAssign assign(config::AssignRule rule, Side side) {
  CompiledAssign result;
  result.from = CidrSet::parse(rule.from).value();
  result.rule = std::move(rule);
  result.side = side;
  return result;
}

TEST_CASE("the first rule whose conditions all hold assigns the side", "[assign]") {
  config::AssignRule internal_posts;
  internal_posts.methods = {"POST"};
  internal_posts.from = {"10.0.0.0/8"};
  config::AssignRule tenant;
  tenant.headers = {{"X-Tenant", "acme"}};
  const std::vector<CompiledAssign> rules{assign(internal_posts, Side::legacy),
                                          assign(tenant, Side::fresh)};
  const FakeHeaders acme{{"X-Tenant", "acme"}};
  const FakeHeaders none;
  RequestView request = request_with(acme);

  CHECK(assigned_side(rules, request, client_at("10.1.1.1")) == Side::fresh);
  request.method = "POST";
  CHECK(assigned_side(rules, request, client_at("10.1.1.1")) == Side::legacy);
  CHECK(assigned_side(rules, request, client_at("192.0.2.1")) == Side::fresh);
  CHECK_FALSE(assigned_side(rules, request_with(none), client_at("10.1.1.1")));
  CHECK_FALSE(assigned_side({}, request, client_at("10.1.1.1")));
}

TEST_CASE("a rule without conditions holds always", "[assign]") {
  const FakeHeaders none;
  CHECK(assigned_side({assign({}, Side::fresh)}, request_with(none), client_at("::1")) ==
        Side::fresh);
}

}  // namespace
}  // namespace ficus::proxy
