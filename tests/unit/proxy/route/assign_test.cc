#include "proxy/route/assign.h"

#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

CompiledAssign assign(config::AssignRule rule, config::SideName side) {
  rule.side = side;
  return compile_assign(rule, {});
}

TEST_CASE("the first rule whose conditions all hold assigns the side", "[assign]") {
  config::AssignRule internal_posts;
  internal_posts.methods = {"POST"};
  internal_posts.from = {"10.0.0.0/8"};
  config::AssignRule tenant;
  tenant.headers = {{"X-Tenant", "acme"}};
  const std::vector<CompiledAssign> rules{assign(internal_posts, config::SideName::legacy),
                                          assign(tenant, config::SideName::fresh)};
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
  CHECK(assigned_side({assign({}, config::SideName::fresh)}, request_with(none),
                      client_at("::1")) == Side::fresh);
}

}  // namespace
}  // namespace ficus::proxy
