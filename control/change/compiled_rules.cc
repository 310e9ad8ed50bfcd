#include "control/change/compiled_rules.h"

#include <algorithm>
#include <utility>

namespace ficus::control {
namespace {

namespace http = proxy::http;

http::Rewrite compile(const config::Rewrite& from, const config::Match& match) {
  using Part = http::PathChange::Part;
  http::Rewrite rewrite;
  if (from.path_prefix && match.path) {
    rewrite.path = http::PathChange::of(Part::whole, *match.path, *from.path_prefix);
  } else if (from.path_prefix && !match.path_regex) {
    rewrite.path =
        http::PathChange::of(Part::prefix, match.path_prefix.value_or("/"), *from.path_prefix);
  }
  rewrite.host = from.host.value_or("");
  for (const config::SetHeader& header : from.set_headers) {
    rewrite.set_field(header.name, header.value);
  }
  for (const std::string& name : from.remove_headers) rewrite.remove_field(name);
  return rewrite;
}

std::shared_ptr<const proxy::SideRewrites> compile_rewrites(const config::Route& route) {
  if (!route.rewrite_legacy && !route.rewrite_fresh) return nullptr;
  auto rewrites = std::make_shared<proxy::SideRewrites>();
  if (route.rewrite_legacy) rewrites->legacy = compile(*route.rewrite_legacy, route.match);
  if (route.rewrite_fresh) rewrites->fresh = compile(*route.rewrite_fresh, route.match);
  return rewrites;
}

std::size_t assign_patterns(const config::Config& config) {
  std::size_t count = 0;
  for (const config::Route& route : config.routes) {
    for (const config::AssignRule& rule : route.assign) {
      count += static_cast<std::size_t>(
          std::count_if(rule.headers.begin(), rule.headers.end(),
                        [](const auto& condition) { return condition.value_is_regex; }));
    }
  }
  return count;
}

}  // namespace

std::shared_ptr<const CompiledRules> compile_rules(const config::Config& config,
                                                   std::size_t workers) {
  auto rules = std::make_shared<CompiledRules>();
  const auto copies = proxy::PatternCopies::of(assign_patterns(config), workers);
  std::vector<config::Match> matches;
  matches.reserve(config.routes.size());
  rules->routes.reserve(config.routes.size());
  for (const config::Route& route : config.routes) {
    matches.push_back(route.match);
    CompiledRules::OfRoute compiled;
    for (const config::AssignRule& rule : route.assign) {
      compiled.assign.push_back(proxy::compile_assign(rule, copies));
    }
    compiled.rewrites = compile_rewrites(route);
    rules->routes.push_back(std::move(compiled));
  }
  rules->matcher =
      std::make_shared<const proxy::RouteMatcher>(proxy::RouteMatcher::build(matches, workers));
  return rules;
}

}  // namespace ficus::control
