#include "loadtests/guard_simulation_migration.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>
#include <optional>

#include "proxy/guard/fast_lane.h"

namespace ficus::loadtests {
namespace {

using proxy::SteadyTime;

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kWorkers = 2;
constexpr std::uint64_t kClients = 1000;
constexpr double kStart = 1000;     // not the clock's zero
constexpr double kHistory = 630;    // seconds at weight 0 in which a sticky route is watched
constexpr double kPatience = 3600;  // seconds that a stage is prolonged to wait for a verdict
constexpr double kCheckEvery = 60;
constexpr double kCheckLimit = 0.01;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15u);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }
  double exponential(double rate) { return -std::log1p(-uniform()) / rate; }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

SteadyTime steady(double seconds) {
  return SteadyTime(std::chrono::nanoseconds(std::llround(seconds * 1e9)));
}

struct User {
  std::uint64_t key = 0;
  bool broken = false;
};

struct Pending {
  double ends = 0;
  double assigned = 0;
  proxy::OutcomeEpoch* epoch = nullptr;
  std::uint64_t user = 0;
  std::size_t worker = 0;
};

class Simulation final : public proxy::TripSink {
 public:
  Simulation(const Setup& setup, std::uint64_t seed)
      : setup_(setup),
        random_(seed),
        lane_("simulated", kWorkers, this, [this] { return steady(now_); }) {
    for (std::uint64_t i = 0; i < setup.users; ++i) {
      users_.push_back({random_.next() >> 1, random_.chance(setup.broken_users)});
    }
    // With a handful of users some weights reach none of them: then nothing can break.
    if (setup.users > 0 && setup.users < 10) users_[0].key /= 1u << 20;
    result_.seconds = kNever;
  }

  Result run() {
    if (sticky()) watch_users();
    for (std::size_t stage = 0; stage < setup_.stages.size() && !result_.stopped; ++stage) {
      const bool last = stage + 1 == setup_.stages.size();
      enter(setup_.stages[stage]);
      if (last && setup_.good_before > 0) run_good();
      const double begins = now_;
      if (setup_.break_stage == static_cast<int>(stage)) break_at_ = begins + setup_.break_after;
      const bool breaks = break_at_ < kNever;
      run_until(begins + setup_.stage_seconds + (breaks ? kPatience : 0));
    }
    return result_;
  }

 private:
  bool sticky() const { return setup_.users > 0; }
  bool broken() const { return now_ >= break_at_; }

  void tripped(const proxy::Trip& trip) override { stop(trip.verdict); }

  void stop(proxy::Verdict verdict) {
    if (result_.stopped) return;
    result_.stopped = true;
    result_.verdict = verdict;
    result_.before_break = now_ < break_at_ || result_.failures == 0;
    result_.in_flight = in_flight_;
    result_.seconds = now_ - break_at_;
  }

  void enter(double percent) {
    proxy::LaneChange change;
    change.weight = config::Weight::from_percent(percent).value();
    change.sticky = sticky();
    change.guard = setup_.guard;
    if (setup_.judge != Judge::guard) change.guard.mode = config::GuardMode::off;
    change.now = steady(now_);
    change.stored_legacy_rate = setup_.stored_legacy < 0 ? setup_.healthy : setup_.stored_legacy;
    epochs_.push_back(lane_.change(change));
    weight_ = percent / 100;
    next_arrival_ = now_ + random_.exponential(arrival_rate());
  }

  // Only requests that reach the new side are simulated; on sticky routes all, for their keys.
  double arrival_rate() const { return sticky() ? setup_.rate : setup_.rate * weight_; }

  void watch_users() {
    enter(0);
    const double until = now_ + kHistory;
    for (; now_ < until; now_ += 1) {
      if (std::fmod(now_ - kStart, 300) == 0) {
        for (const User& user : users_) lane_.note(random_.below(kWorkers), user.key, user.key);
      }
      lane_.tick(steady(now_));
    }
  }

  // Many requests at 10,000 a second, each over before the next begins.
  void run_good() {
    proxy::OutcomeEpoch& epoch = *epochs_.back();
    for (std::uint64_t i = 0; i < setup_.good_before; ++i) {
      now_ += 1e-4;
      if (i % 1000 == 0) lane_.tick(steady(now_));
      const Pending pending{now_, now_ - 1e-6, &epoch, random_.below(kClients), i % kWorkers};
      if (!epoch.admit_new(pending.worker)) continue;
      if (setup_.healthy > 0 && random_.chance(setup_.healthy)) {
        fail(pending);
      } else {
        epoch.new_success(pending.worker);
      }
      if (result_.stopped) return;
    }
    next_arrival_ = now_ + random_.exponential(arrival_rate());
  }

  void run_until(double end) {
    double next_tick = now_;
    while (!result_.stopped) {
      const double success = successes_.empty() ? kNever : successes_.front().ends;
      const double failure = failures_.empty() ? kNever : failures_.front().ends;
      const double late = late_failures_.empty() ? kNever : late_failures_.front().ends;
      const double next = std::min({success, failure, late, next_tick, next_arrival_});
      if (next >= end) break;
      now_ = std::max(now_, next);
      if (next == success) {
        succeed();
      } else if (next == failure) {
        fail(take(failures_));
      } else if (next == late) {
        fail(take(late_failures_));
      } else if (next == next_tick) {
        tick();
        next_tick = now_ + (quiet() ? 1 : 0.1);
      } else {
        arrive();
      }
    }
    now_ = std::max(now_, end);
  }

  // The plain window and slow start need every tick, the rest does not.
  bool quiet() const { return !setup_.guard.judge && !epochs_.back()->slow_starting(); }

  void tick() {
    lane_.tick(steady(now_));
    if (setup_.judge == Judge::guard || now_ - checked_at_ < kCheckEvery) return;
    checked_at_ = now_;
    const bool bad = checked_ > 0 && static_cast<double>(checked_failures_) >
                                         kCheckLimit * static_cast<double>(checked_);
    checked_ = checked_failures_ = 0;
    strikes_ = bad ? strikes_ + 1 : 0;
    if (strikes_ == (setup_.judge == Judge::check_60s ? 1 : 5)) stop(proxy::Verdict::rollback);
  }

  void arrive() {
    next_arrival_ = now_ + random_.exponential(arrival_rate());
    if (setup_.on_seconds > 0 && std::fmod(now_, 2 * setup_.on_seconds) >= setup_.on_seconds) {
      return;
    }
    proxy::OutcomeEpoch& epoch = *epochs_.back();
    const std::size_t worker = random_.below(kWorkers);
    const std::uint64_t user = random_.below(sticky() ? setup_.users : kClients);
    if (sticky()) {
      lane_.note(worker, user, users_[user].key);
      if (users_[user].key >= epoch.sticky_threshold_now()) return;
    } else {
      lane_.note(worker, user, std::nullopt);
    }
    if (!epoch.admit_new(worker)) return;
    if (broken()) ++in_flight_;
    const bool bad = random_.chance(broken() ? setup_.broken : setup_.healthy) ||
                     (sticky() && users_[user].broken);
    Pending pending{now_, now_, &epoch, user, worker};
    if (!bad) {
      pending.ends += setup_.success_seconds;
      successes_.push_back(pending);
    } else if (broken()) {
      pending.ends += setup_.broken_seconds;
      late_failures_.push_back(pending);
    } else {
      pending.ends += setup_.failure_seconds;
      failures_.push_back(pending);
    }
  }

  static Pending take(std::deque<Pending>& queue) {
    const Pending result = queue.front();
    queue.pop_front();
    return result;
  }

  void land(const Pending& pending) {
    if (pending.assigned >= break_at_) --in_flight_;
  }

  void succeed() {
    const Pending pending = take(successes_);
    land(pending);
    ++checked_;
    pending.epoch->new_success(pending.worker);
  }

  void fail(const Pending& pending) {
    ++checked_;
    ++checked_failures_;
    if (pending.assigned >= break_at_ && result_.failures++ == 0) {
      result_.in_flight_first = in_flight_;
    }
    land(pending);
    proxy::FailedExchange failure;
    failure.assigned_at = steady(pending.assigned);
    failure.now = steady(now_);
    failure.client = pending.user;
    if (sticky()) failure.key = users_[pending.user].key;
    failure.kind = proxy::ErrorKind::status;
    failure.status = 500;
    lane_.new_failure(*pending.epoch, failure, pending.worker);
  }

  const Setup& setup_;
  Random random_;
  double now_ = kStart;
  proxy::FastLane lane_;
  std::vector<std::shared_ptr<proxy::OutcomeEpoch>> epochs_;
  std::vector<User> users_;

  double weight_ = 0;
  double break_at_ = kNever;
  double next_arrival_ = kNever;
  std::uint64_t in_flight_ = 0;  // assigned after the break
  // Each in order of its end, because each kind of answer takes the same time.
  std::deque<Pending> successes_;
  std::deque<Pending> failures_;
  std::deque<Pending> late_failures_;

  double checked_at_ = kStart;
  std::uint64_t checked_ = 0;
  std::uint64_t checked_failures_ = 0;
  int strikes_ = 0;
  Result result_;
};

}  // namespace

Result run_migration(const Setup& setup, std::uint64_t seed) {
  return Simulation(setup, seed).run();
}

}  // namespace ficus::loadtests
