#include "proxy/guard/fast_lane.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ficus::proxy {
namespace {

constexpr std::size_t kFewest = 3;          // failing keys or clients for a rollback
constexpr double kFewestExpectedKeys = 10;  // for a rollback
constexpr double kManyKeys = 30;            // from here on a key counts once
constexpr std::chrono::minutes kKeyWindow{10};
constexpr std::chrono::minutes kFirstLook{1};  // before it, too little was seen to guess at K

}  // namespace

FastLane::FastLane(std::string route, std::size_t workers, TripSink* sink, Clock clock)
    : route_(std::move(route)),
      sink_(sink),
      clock_(std::move(clock)),
      traffic_(workers),
      wealth_(forgiven_rate(config::Guard{}.max_error_rate, 0)) {
  OutcomeEpoch::Terms terms;
  terms.workers = workers;
  terms.opened = clock_();
  epoch_ = std::make_shared<OutcomeEpoch>(terms);
}

std::optional<SteadyTime> FastLane::tripped_at() const noexcept {
  const std::int64_t at = tripped_at_.load(std::memory_order_acquire);
  if (at == 0) return std::nullopt;
  return SteadyTime(std::chrono::nanoseconds(at));
}

void FastLane::new_failure(OutcomeEpoch& epoch, const FailedExchange& failure, std::size_t worker) {
  epoch.new_failure(worker);
  if (epoch.terms().mode == config::GuardMode::off) return;
  if (epoch.closed() || state() != LaneState::open) return;
  std::optional<Trip> found;
  {
    const std::lock_guard lock(mutex_);
    if (epoch.closed() || state() != LaneState::open) return;
    found = judge(failure);
  }
  if (found && sink_ != nullptr) sink_->tripped(*found);
}

std::shared_ptr<OutcomeEpoch> FastLane::epoch() const {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

std::shared_ptr<OutcomeEpoch> FastLane::change(const LaneChange& change) {
  const std::lock_guard lock(mutex_);
  return open_epoch(change, latest(change.now));
}

bool FastLane::latch(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (state() == LaneState::latched) return false;
  take_off(LaneState::latched, latest(now));
  return true;
}

std::shared_ptr<OutcomeEpoch> FastLane::rearm(const LaneChange& change) {
  const std::lock_guard lock(mutex_);
  epoch_->close();
  restart_budget();
  auto result = open_epoch(change, latest(change.now));
  state_.store(LaneState::open, std::memory_order_release);
  return result;
}

void FastLane::lift_retreat() {
  const std::lock_guard lock(mutex_);
  if (state() != LaneState::retreated) return;
  epoch_->close();
  restart_budget();
  state_.store(LaneState::open, std::memory_order_release);
}

void FastLane::tick(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  traffic_.advance(now);
  sample_legacy(now);
  if (epoch_->closed()) return;
  drain();
  if (window_) {
    window_->sample(now, totals());
    if (reported_ && !exceeds(now)) reported_ = false;
  }
  settle_expected_keys(now);
  if (epoch_->advance_slow_start(now, last_failure_)) keys_.clear();
}

Evidence FastLane::evidence() const {
  const std::lock_guard lock(mutex_);
  return evidence_at(clock_());
}

std::optional<double> FastLane::legacy_rate() const {
  const std::lock_guard lock(mutex_);
  return legacy_.rate();
}

SteadyTime FastLane::latest(SteadyTime now) const { return std::max(now, clock_()); }

std::shared_ptr<OutcomeEpoch> FastLane::open_epoch(const LaneChange& change, SteadyTime at) {
  drain();
  sample_legacy(at);
  const OutcomeEpoch& before = *epoch_;
  const bool was_off = before.closed();  // by a verdict, a latch or rearm: new had no share at all
  epoch_->close();

  if (change.sticky) traffic_.track_keys(at);
  guard_ = change.guard;
  given_keys_ = change.expected_keys;
  window_.reset();
  if (guard_.judge) window_.emplace(*guard_.judge);
  wealth_.begin_epoch(at);
  if (change.weight > highest_) {
    enter_stage(change, at);
  } else if (wealth_.stages() == 0) {
    frozen_legacy_rate_ = legacy_.rate() ? legacy_.rate() : change.stored_legacy_rate;
  }
  if (change.sticky != before.terms().sticky) restart_keys(change, at);
  wealth_.set_tau(forgiven_rate(guard_.max_error_rate, frozen_legacy_rate_.value_or(0)));

  OutcomeEpoch::Terms terms;
  terms.weight = change.weight;
  terms.previous = was_off ? config::Weight{} : before.terms().weight;
  terms.ramp_from = was_off ? 0 : before.sticky_threshold_now();
  terms.stage = wealth_.stages();
  terms.workers = before.terms().workers;
  terms.sticky = change.sticky;
  terms.opened = at;
  terms.mode = guard_.mode;
  // A lowered weight does not end a slow start that was still running. Under a new build sticky
  // keys stay where they are, so there is no share to be raised. Observing shifts nothing.
  const bool unproved = before.slow_starting() || (change.new_build && !change.sticky);
  terms.slow_start =
      guard_.slow_start && guard_.mode == config::GuardMode::enforce &&
      (change.weight > terms.previous || (unproved && change.weight > config::Weight{}));
  epoch_ = std::make_shared<OutcomeEpoch>(terms);
  applied_ = 0;
  counted_failures_ = 0;
  legacy_seen_ = {};
  last_failure_.reset();
  return epoch_;
}

void FastLane::enter_stage(const LaneChange& change, SteadyTime at) {
  highest_ = change.weight;
  if (reported_) wealth_.restart();
  reported_ = false;
  frozen_legacy_rate_ = legacy_.rate() ? legacy_.rate() : change.stored_legacy_rate;
  log_.clear();
  wealth_.enter_stage(at);
  restart_keys(change, at);
}

void FastLane::restart_keys(const LaneChange& change, SteadyTime at) {
  keys_.clear();
  keys_looked_at_.reset();
  keys_settled_ = !change.sticky;
  expected_keys_ = 0;
  failures_per_key_ = 1;
  if (change.sticky) settle_expected_keys(at);
}

void FastLane::restart_budget() {
  wealth_.restart();
  highest_ = config::Weight{};
  keys_.clear();
  log_.clear();
  reported_ = false;
  tripped_at_.store(0, std::memory_order_release);
}

// Applies what all workers have assigned so far. Before every failure that is judged: behind by 50
// outcomes the test is wrong in a third of all migrations.
void FastLane::drain() {
  const std::uint64_t assigned = epoch_->assigned();
  wealth_.assigned(assigned - applied_);
  applied_ = assigned;
  if (reported_ && !window_ && wealth_.total() < 1) reported_ = false;
}

// K is what the weight is expected to give the new side of the keys seen in ten minutes, fixed at
// the stage's entry. A route that was not watched that long is judged provisionally: a key counts
// once until a minute was seen, then by the keys seen so far, until ten minutes or 30 keys.
void FastLane::settle_expected_keys(SteadyTime now) {
  if (keys_settled_) return;
  if (given_keys_) {
    expected_keys_ = *given_keys_;
    keys_settled_ = true;
  } else {
    if (keys_looked_at_ && now - *keys_looked_at_ < std::chrono::seconds(1)) return;
    keys_looked_at_ = now;
    const auto watched = now - traffic_.keys_since().value_or(now);
    expected_keys_ = traffic_.keys() * highest_.ratio();
    keys_settled_ = watched >= kKeyWindow || expected_keys_ >= kManyKeys;
    if (watched < kFirstLook && !keys_settled_) return;
  }
  failures_per_key_ = counted_failures_per_key(expected_keys_);
}

void FastLane::sample_legacy(SteadyTime now) {
  const OutcomeEpoch::Sums sums = epoch_->sums();
  legacy_.add(now, sums.legacy_success - legacy_seen_.legacy_success,
              sums.legacy_failure - legacy_seen_.legacy_failure);
  legacy_seen_ = sums;
}

std::optional<Trip> FastLane::judge(const FailedExchange& failure) {
  drain();
  // The clock is read after the drain: what is sown now must not be younger than anything that was
  // just applied, on whichever worker it was assigned.
  const SteadyTime now = latest(failure.now);
  // Every request of an epoch was assigned after its opening, though a worker's clock, read once a
  // turn of its loop, may lag behind it.
  const SteadyTime assigned_at =
      std::max(failure.assigned_at, epoch_->terms().opened + SteadyTime::duration(1));
  last_failure_ = now;
  log_.add(failure, now);
  if (epoch_->terms().sticky && failure.key && !keys_.count(*failure.key, now, failures_per_key_)) {
    wealth_.forgiven(assigned_at);
    return std::nullopt;
  }
  ++counted_failures_;
  wealth_.failed(assigned_at);
  std::optional<Trip> result;
  if (!reported_ && exceeds(now)) result = trip(now);
  wealth_.sow(assigned_at, now);
  return result;
}

bool FastLane::exceeds(SteadyTime now) const {
  if (!window_) return wealth_.convincing();
  return window_->exceeds(window_->within(now, totals()), wealth_.tau());
}

PlainWindow::Counts FastLane::totals() const {
  return {epoch_->sums().new_success + counted_failures_, counted_failures_};
}

std::optional<Trip> FastLane::trip(SteadyTime now) {
  Trip result;
  result.evidence = evidence_at(now);
  ++result.evidence.counted_failures;  // the failure that trips is sown after the check
  result.verdict = verdict(result.evidence);
  if (guard_.mode == config::GuardMode::enforce) {
    take_off(result.verdict == Verdict::rollback ? LaneState::latched : LaneState::retreated, now);
    result.evidence.state = state();
    result.evidence.armed = false;
  } else {
    reported_ = true;
    result.would_roll_back = true;
  }
  result.route = route_;
  result.cause = text(result.evidence.test);
  result.at = now;
  result.epoch_age = now - epoch_->terms().opened;
  result.first = log_.first();
  result.last = log_.last();
  return result;
}

// A rollback needs more than one or two broken users behind it.
Verdict FastLane::verdict(const Evidence& evidence) const {
  const double expected =
      evidence.expected_keys_settled
          ? evidence.expected_keys
          : std::max(evidence.expected_keys, static_cast<double>(evidence.failing_keys));
  const bool enough_keys = evidence.failing_keys >= kFewest && expected >= kFewestExpectedKeys;
  const bool few_active = !evidence.sticky && evidence.active_clients < kFewest;
  const bool enough_clients = evidence.failing_clients >= kFewest || few_active;
  return enough_keys || enough_clients ? Verdict::rollback : Verdict::retreat;
}

void FastLane::take_off(LaneState state, SteadyTime now) {
  state_.store(state, std::memory_order_seq_cst);
  tripped_at_.store(now.time_since_epoch() / std::chrono::nanoseconds(1),
                    std::memory_order_release);
  epoch_->close();
}

Evidence FastLane::evidence_at(SteadyTime now) const {
  const OutcomeEpoch::Terms& terms = epoch_->terms();
  Evidence result;
  result.test = window_ ? Test::plain_window : Test::absolute;
  result.state = state();
  result.mode = guard_.mode;
  result.armed = guard_.mode == config::GuardMode::enforce && result.state == LaneState::open &&
                 !epoch_->closed();
  result.weight = terms.weight;
  result.stage = terms.stage;
  result.opened = terms.opened;
  result.slow_starting = epoch_->slow_starting();
  result.slow_start_progress = epoch_->slow_start_progress();
  result.tokens = epoch_->tokens();
  result.tau = wealth_.tau();
  result.legacy_rate = frozen_legacy_rate_;
  result.wealth = wealth_.total();
  result.threshold = AbsoluteWealth::kThreshold;
  result.counted_failures = wealth_.failures();
  result.layers = wealth_.layers();
  if (window_) {
    const PlainWindow::Counts counts = window_->within(now, totals());
    result.window_outcomes = counts.outcomes;
    result.window_failures = counts.failures;
    result.window_held = window_->held(counts, result.tau);
  }
  result.epoch = epoch_->sums();
  result.sticky = terms.sticky;
  result.expected_keys = expected_keys_;
  result.expected_keys_settled = keys_settled_;
  result.failures_per_key = failures_per_key_;
  result.failing_keys = keys_.size(now);
  result.failing_clients = log_.clients(now);
  result.active_clients = traffic_.active_clients();
  return result;
}

}  // namespace ficus::proxy
