#include "control/cli/demo/director.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "control/cli/demo/panel.h"

namespace ficus::control::demo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFrame{100};
// Longer than first_byte: after it nothing that was in flight is left.
constexpr milliseconds kSettle{700};
// GUARD: at most so many failures to the verdict on a side that fails always.
constexpr std::uint64_t kFailuresToVerdict = 18;

Tally sum(const std::vector<Tally>& tallies) {
  Tally total;
  for (const Tally& tally : tallies) total = total + tally;
  return total;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", seconds);
  return text;
}

std::string share_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", share);
  return text;
}

}  // namespace

Director::Director(Cast& cast, View& view) : cast_(cast), view_(view), started_(Clock::now()) {}

bool Director::play(const std::vector<Act>& story) {
  for (const Act& act : story) {
    view_.title(act.title);
    for (const Step& step : act.steps) {
      if (!perform(step)) return false;
    }
  }
  return true;
}

bool Director::perform(const Step& step) {
  switch (step.kind) {
    case Step::Kind::weight:
      return set_weight(step.percent);
    case Step::Kind::hold:
      return hold(step.time);
    case Step::Kind::break_new:
      break_new(step.condition);
      return true;
    case Step::Kind::await_guard:
      return await_guard(step.time);
    case Step::Kind::stay_back:
      return stay_back(step.time);
    case Step::Kind::refused_rise:
      return refused_rise(step.percent);
    case Step::Kind::repair:
      cast_.new_shop.set(Condition::healthy);
      live_.new_shop = Condition::healthy;
      view_.note("the new shop is repaired");
      return true;
    case Step::Kind::rearm:
      return rearm();
  }
  return false;
}

bool Director::let_pass(milliseconds time) {
  const auto end = Clock::now() + time;
  for (;;) {
    refresh_live();
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - Clock::now());
    if (left.count() <= 0) return true;
    const auto wait = std::min<std::chrono::nanoseconds>(left, kFrame);
    const timespec pause{0, static_cast<long>(wait.count())};
    // Waiting for the signal is the pause: no handler, no flag.
    if (::sigtimedwait(&cast_.interrupts, nullptr, &pause) > 0) return false;
  }
}

void Director::refresh_live() {
  const auto now = Clock::now();
  const std::vector<Tally> tallies = cast_.traffic.totals();
  const std::string metrics = cast_.admin.get("/metrics").body;
  live_.seconds = std::chrono::duration<double>(now - started_).count();
  live_.without_fallback = tallies.at(0);
  live_.with_fallback = tallies.at(1);
  const auto& route = cast_.routes.front();
  live_.weight =
      100 * sample(metrics, "ficus_route_weight_ratio", {{"route", route}, {"origin", "effective"}})
                .value_or(live_.weight / 100);
  live_.rolled_back = sample(metrics, "ficus_route_latched", {{"route", route}}).value_or(0) > 0;
  recent_.push_back({now, sum(tallies)});
  while (recent_.size() > 2 && now - recent_[1].at > std::chrono::seconds(1)) recent_.pop_front();
  const double span = std::chrono::duration<double>(now - recent_.front().at).count();
  if (span > 0) {
    const Tally since = recent_.back().sum - recent_.front().sum;
    live_.legacy_rate = static_cast<double>(since.legacy) / span;
    live_.new_rate = static_cast<double>(since.fresh) / span;
  }
  view_.live(live_);
}

void Director::check(bool held, const std::string& sentence) {
  claims_.push_back({held, sentence});
  view_.claim(claims_.back());
}

bool Director::set_weight(double percent) {
  for (const std::string& route : cast_.routes) {
    const AdminAnswer answer = cast_.admin.set_weight(route, percent);
    if (answer.status != 200 && answer.status != 202) {
      check(false, "the admin API sets " + route + " to " + percent_text(percent) +
                       " %: it answered " + std::to_string(answer.status) + ' ' + answer.body);
      return false;
    }
  }
  return true;
}

bool Director::hold(milliseconds time) {
  const milliseconds settle = std::min(time / 4, kSettle);
  if (!let_pass(settle)) return false;
  const Tally before = sum(totals());
  if (!let_pass(time - settle)) return false;
  const Tally seen = sum(totals()) - before;
  const std::uint64_t answers = seen.legacy + seen.fresh;
  const double asked = live_.weight / 100 * static_cast<double>(answers);
  // Each worker draws exactly for each route: a window cuts at most one run of draws at either end.
  const double slack =
      live_.weight >= 100 ? 0 : 2.0 * cast_.workers * static_cast<double>(cast_.routes.size());
  check(answers > 0 && std::abs(static_cast<double>(seen.fresh) - asked) <= slack,
        "at " + percent_text(live_.weight) + " % the new shop gave " + grouped(seen.fresh) +
            " of " + grouped(answers) + " answers, " + share_text(seen.new_share()) +
            " (asked: " + grouped(static_cast<std::uint64_t>(std::lround(asked))) + " ± " +
            percent_text(slack) + ")");
  return true;
}

void Director::break_new(Condition condition) {
  before_break_ = totals();
  broken_at_ = Clock::now();
  cast_.new_shop.set(condition);
  live_.new_shop = condition;
  breaks_.push_back({condition, 0, {}, {}, ""});
  view_.note("from now on the new shop " + text(condition));
}

unsigned Director::rolled_back_routes() const {
  const std::string metrics = cast_.admin.get("/metrics").body;
  unsigned count = 0;
  for (const std::string& route : cast_.routes) {
    count += sample(metrics, "ficus_route_latched", {{"route", route}}).value_or(0) > 0;
  }
  return count;
}

bool Director::await_guard(milliseconds limit) {
  while (rolled_back_routes() < cast_.routes.size()) {
    if (Clock::now() - broken_at_ > limit) {
      check(false, "the guard rolls back when the new shop " + text(breaks_.back().condition) +
                       ": it did not in " + seconds_text(static_cast<double>(limit.count()) / 1e3));
      return false;
    }
    if (!let_pass(milliseconds{20})) return false;
  }
  breaks_.back().seconds = std::chrono::duration<double>(Clock::now() - broken_at_).count();
  check(true, "rolled back by itself after " + seconds_text(breaks_.back().seconds));
  const AdminAnswer route = cast_.admin.get("/api/v1/routes/" + cast_.routes.front());
  breaks_.back().why = text_member(route.body, "summary").value_or("");
  if (!breaks_.back().why.empty()) view_.note("why: " + breaks_.back().why);
  return true;
}

bool Director::stay_back(milliseconds time) {
  if (!let_pass(kSettle)) return false;
  const Tally before = sum(totals());
  if (!let_pass(time)) return false;
  const Tally seen = sum(totals()) - before;
  check(seen.fresh == 0 && seen.failed() == 0 && seen.legacy > 0,
        "since then nobody was sent to the new shop and nothing failed: " + grouped(seen.legacy) +
            " answers from legacy, " + grouped(seen.fresh) + " from new, " +
            grouped(seen.failed()) + " failed");
  judge_break();
  return true;
}

void Director::judge_break() {
  BreakOutcome& outcome = breaks_.back();
  const std::vector<Tally> now = totals();
  outcome.without_fallback = now.at(0) - before_break_.at(0);
  outcome.with_fallback = now.at(1) - before_break_.at(1);
  // A side that hangs tells nothing before first_byte has passed: by then every user may wait on
  // it, and again when the verdict falls.
  const bool hung = outcome.condition == Condition::hangs;
  const std::uint64_t limit = kFailuresToVerdict + cast_.users_a_route * (hung ? 2 : 1);
  const std::string users = std::to_string(cast_.users_a_route);
  check(outcome.without_fallback.failed() <= limit,
        "without fallback users saw " + grouped(outcome.without_fallback.failed()) +
            " requests fail (at most " + std::to_string(kFailuresToVerdict) + " and the " + users +
            " in flight" + (hung ? ", and " + users + " before the first timeout)" : ")"));
  check(outcome.with_fallback.failed_gets == 0 && outcome.with_fallback.failed_posts <= limit,
        "with fallback users saw " + grouped(outcome.with_fallback.failed_gets) + " GETs and " +
            grouped(outcome.with_fallback.failed_posts) +
            " POSTs fail (a POST that was sent is never repeated)");
}

bool Director::refused_rise(double percent) {
  const AdminAnswer answer = cast_.admin.set_weight(cast_.routes.front(), percent);
  check(answer.status == 409, "while rolled back, a rise to " + percent_text(percent) +
                                  " % is refused: " + std::to_string(answer.status));
  return answer.status == 409;
}

bool Director::rearm() {
  for (const std::string& route : cast_.routes) {
    const AdminAnswer answer = cast_.admin.rearm(route);
    if (answer.status != 200 && answer.status != 202) {
      check(false, "rearm permits the new side again: the admin API answered " +
                       std::to_string(answer.status) + ' ' + answer.body);
      return false;
    }
  }
  view_.note("an operator rearms the routes and raises the share again");
  return true;
}

}  // namespace ficus::control::demo
