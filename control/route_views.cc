#include "control/route_views.h"

#include <algorithm>
#include <utility>

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kAftermath{10};  // users' errors are counted towards a decision for so long

}  // namespace

void RouteViews::reload(Clock::Monotonic now) {
  const auto& routes = pipeline_.resolved()->config.routes;
  views_.assign(routes.size(), nullptr);
  index_.clear();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    index_.emplace(routes[i].name, i);
    renew(i, now);
  }
  next_ = 0;
}

void RouteViews::look(Clock::Monotonic now) {
  const std::size_t count = std::min(views_.size(), kLooksPerTick);
  for (std::size_t n = 0; n < count; ++n) {
    if (next_ >= views_.size()) next_ = 0;
    const proxy::RouteState& state = *pipeline_.snapshot()->routes[next_].state;
    state.lane->tick(now);
    aggregator_.sample(state, now);
    renew(next_++, now);
  }
}

void RouteViews::refresh(const std::string& route, Clock::Monotonic now) {
  const auto found = index_.find(route);
  if (found != index_.end()) renew(found->second, now);
}

void RouteViews::refresh_all(Clock::Monotonic now) {
  for (std::size_t i = 0; i < views_.size(); ++i) renew(i, now);
}

void RouteViews::decided(const std::string& route, std::shared_ptr<const Decision> decision,
                         Clock::Monotonic now) {
  Judged judged;
  judged.decision = std::move(decision);
  judged.until = now + kAftermath;
  const auto found = index_.find(route);
  if (found != index_.end()) {
    const RouteRates rates =
        aggregator_.rates(*pipeline_.snapshot()->routes[found->second].state, now);
    judged.before = {rates.client_errors - rates.client_errors_minute,
                     rates.fallbacks - rates.fallbacks_minute};
  }
  judged_[route] = std::move(judged);
  refresh(route, now);
}

void RouteViews::renew(std::size_t index, Clock::Monotonic now) {
  const config::Route& config = pipeline_.resolved()->config.routes[index];
  const proxy::Route& route = pipeline_.snapshot()->routes[index];
  auto view = std::make_shared<RouteView>();
  view->entry = *pipeline_.table().find(config.name);
  view->legacy = config.legacy.value_or("");
  view->fresh = config.fresh.value_or("");
  view->legacy_build = pipeline_.builds().current(view->legacy);
  view->fresh_build = pipeline_.builds().current(view->fresh);
  view->guard_mode = route.guard_mode;
  view->max_error_rate = config.guard.max_error_rate;
  view->rates = aggregator_.rates(*route.state, now);
  view->evidence = route.state->lane->evidence();
  view->legacy_rate = route.state->lane->legacy_rate();
  if (view->entry.override_ && view->entry.override_->ends) {
    view->override_left = std::chrono::duration_cast<milliseconds>(
        std::max(*view->entry.override_->ends - now, Clock::Monotonic::duration::zero()));
  }
  add_decision(*view, now);
  views_[index] = std::move(view);
}

void RouteViews::add_decision(RouteView& view, Clock::Monotonic now) {
  const auto found = judged_.find(view.entry.name);
  if (found == judged_.end()) return;
  Judged& judged = found->second;
  if (now < judged.until) {
    judged.seen = {view.rates.client_errors - judged.before.errors,
                   view.rates.fallbacks - judged.before.fallbacks};
  }
  view.decision = judged.decision;
  view.aftermath = judged.seen;
}

}  // namespace ficus::control
