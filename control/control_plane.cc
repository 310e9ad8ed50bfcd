#include "control/control_plane.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/decision.h"
#include "control/health/health_checker.h"
#include "control/seldom.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kBusyOver{10};
constexpr milliseconds kConfirmEvery{2};
constexpr seconds kTellShortage{60};

}  // namespace

class ControlPlane::Loop {
 public:
  Loop(std::function<void(const HealthChecker::Change&)> changed,
       std::function<void(const std::string&)> unable)
      : work_(asio::make_work_guard(context_)),
        ticker_(context_),
        confirmer_(context_),
        health_(context_.get_executor(), std::move(changed), std::move(unable)) {}

  void tick_every(milliseconds pause, std::function<void()> tick) {
    ticker_.expires_after(pause);
    ticker_.async_wait([this, pause, tick = std::move(tick)](boost::system::error_code error) {
      if (error) return;
      tick();
      tick_every(pause, tick);
    });
  }

  // Polls while `unfinished` says so. One poll at a time.
  void poll_while(std::function<bool()> unfinished) {
    if (polling_) return;
    polling_ = true;
    poll(std::move(unfinished));
  }

  void stop() {
    health_.stop();
    ticker_.cancel();
    confirmer_.cancel();
    work_.reset();
    context_.stop();
  }

  asio::io_context& context() { return context_; }
  HealthChecker& health() { return health_; }

 private:
  void poll(std::function<bool()> unfinished) {
    confirmer_.expires_after(kConfirmEvery);
    confirmer_.async_wait(
        [this, unfinished = std::move(unfinished)](boost::system::error_code error) {
          if (error || !unfinished()) {
            polling_ = false;
            return;
          }
          poll(unfinished);
        });
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer ticker_;
  asio::steady_timer confirmer_;
  HealthChecker health_;
  bool polling_ = false;
};

ControlPlane::ControlPlane(const Parts& parts)
    : parts_(parts),
      started_(parts.clock.wall()),
      loop_(std::make_unique<Loop>(
          [this](const HealthChecker::Change& change) {
            const std::string where =
                "endpoint " + change.endpoint + " of backend " + change.backend;
            if (change.healthy) {
              parts_.log.info(where + " is healthy: " + change.why);
            } else {
              parts_.log.warning(where + " is unhealthy: " + change.why);
            }
            pipeline_.refresh_health();
            publish_view();
          },
          [this, told = std::make_shared<Seldom>(kTellShortage)](const std::string& why) {
            if (!told->due(std::chrono::steady_clock::now())) return;
            parts_.log.warning("health checks cannot be made: " + why +
                               "; what they said before still holds");
          })),
      registry_(parts.sink.workers(), this, this),
      pipeline_({parts.clock, parts.sink, registry_,
                 [this](const std::string& backend, const proxy::EndpointState& endpoint) {
                   return loop_->health().healthy(backend, endpoint);
                 }}),
      route_views_(pipeline_),
      outliers_([this](const OutlierDetector::Event& event) { note_outlier(event); }),
      view_(std::make_shared<View>()),
      name_watcher_(parts.names, [this](const NameReport& report) {
        post([this, report] { take_in(report); });
      }) {
  reload_.at = started_;
  ticket_keys_since_ = parts_.clock.now();  // the sink begins with fresh ones
}

ControlPlane::~ControlPlane() { stop(); }

void ControlPlane::start() {
  loop_->tick_every(kTick, [this] { tick(); });
  thread_ = std::thread([this] {
    const proxy::ThreadClock::Running running(cpu_);
    ::pthread_setname_np(::pthread_self(), "ficus-control");
    loop_->context().run();
  });
  name_watcher_.start();
}

void ControlPlane::stop() {
  if (!thread_.joinable()) return;
  name_watcher_.stop();
  post([this] { loop_->stop(); });
  thread_.join();
}

void ControlPlane::post(std::function<void()> work) {
  asio::post(loop_->context(), std::move(work));
}

void ControlPlane::submit(WeightChange change, ChangePipeline::Answer answer) {
  post([this, change = std::move(change), answer = std::move(answer)]() mutable {
    apply(change, std::move(answer));
  });
}

// Who has the answer finds the change in the view, and that the workers have it.
void ControlPlane::answer_later(const ChangePipeline::Answer& answer,
                                const Result<ChangePipeline::Receipt>& receipt) {
  post([this, answer, receipt] {
    publish_view();
    answer(receipt);
  });
}

void ControlPlane::apply(const WeightChange& change, ChangePipeline::Answer answer) {
  const RouteEntry* entry = pipeline_.table().find(change.route);
  const RouteEntry before = entry ? *entry : RouteEntry{};
  const std::uint64_t version = pipeline_.version();
  pipeline_.submit(change, [this, answer = std::move(answer)](const auto& receipt) {
    answer_later(answer, receipt);
  });
  if (pipeline_.version() == version) return;
  if (change.verb == Verb::rollback && !before.latch) {
    Decision decision;
    decision.cause = change.cause;
    decision.actor = change.actor;
    decision.summary = change.reason;
    decision.at = parts_.clock.wall();
    decision.weight = before.effective();
    record(change.route, std::move(decision));
  } else {
    parts_.log.info(log_line(change, *pipeline_.table().find(change.route)));
  }
  route_views_.refresh(change.route, parts_.clock.now());
  after_change();
}

void ControlPlane::after_change() {
  publish_view();
  loop_->poll_while([this] {
    pipeline_.confirm();
    return pipeline_.waiting();
  });
}

void ControlPlane::roll_back_all(const std::string& actor, const std::string& reason,
                                 std::function<void(Sweep)> answer) {
  post([this, actor, reason, answer = std::move(answer)] {
    auto sweep = std::make_shared<Sweep>();
    for (const auto& [name, entry] : pipeline_.table().entries()) {
      if (entry.in_file && entry.has_legacy && entry.has_new) sweep->rolled_back.push_back(name);
    }
    if (sweep->rolled_back.empty()) {
      const std::size_t workers = parts_.sink.workers();
      sweep->receipt = {pipeline_.version(), workers, workers};
      return answer(*sweep);
    }
    std::vector<std::string> newly;
    for (const std::string& name : sweep->rolled_back) {
      if (!pipeline_.table().find(name)->latch) newly.push_back(name);
    }
    std::vector<Decision> decisions;
    for (const std::string& name : newly) {
      Decision decision;
      decision.cause = "operator";
      decision.actor = actor;
      decision.summary = reason;
      decision.at = parts_.clock.wall();
      decision.weight = pipeline_.table().find(name)->effective();
      decisions.push_back(std::move(decision));
    }
    WeightChange change;
    change.verb = Verb::rollback;
    change.actor = actor;
    change.reason = reason;
    change.cause = "operator";
    pipeline_.roll_back(sweep->rolled_back, change,
                        [this, sweep, answer](const Result<ChangePipeline::Receipt>& receipt) {
                          if (receipt) sweep->receipt = *receipt;
                          post([this, sweep, answer] {
                            publish_view();
                            answer(*sweep);
                          });
                        });
    for (std::size_t i = 0; i < newly.size(); ++i) record(newly[i], std::move(decisions[i]));
    route_views_.refresh_all(parts_.clock.now());
    after_change();
  });
}

void ControlPlane::preview(WeightChange change, std::function<void(Result<RouteEntry>)> answer) {
  post([this, change = std::move(change), answer = std::move(answer)] {
    const auto table = pipeline_.preview(change);
    if (!table) return answer(table.error());
    answer(*table->find(change.route));
  });
}

void ControlPlane::load(std::shared_ptr<const ResolvedConfig> resolved,
                        ChangePipeline::Answer answer) {
  post([this, resolved = std::move(resolved), answer = std::move(answer)] {
    const std::vector<BuildChange> builds = pipeline_.load(
        resolved, [this, answer](const auto& receipt) { answer_later(answer, receipt); });
    route_views_.reload(parts_.clock.now());
    for (const BuildChange& change : builds) note_build(change);
    reload_ = {true, parts_.clock.wall(), {}};
    after_load();
    after_change();
  });
}

void ControlPlane::watch_health() {
  const config::Config& config = pipeline_.resolved()->config;
  std::vector<HealthChecker::Target> targets;
  for (std::size_t i = 0; i < config.backends.size(); ++i) {
    const config::Backend& backend = config.backends[i];
    if (!backend.health_check) continue;
    const proxy::Backend& in_force = *pipeline_.snapshot()->backends[i];
    for (const proxy::Endpoint& endpoint : in_force.endpoints) {
      targets.push_back(
          {backend.name, endpoint.state, endpoint.label, *backend.health_check, in_force.tls});
    }
  }
  if (loop_->health().watch(targets)) pipeline_.refresh_health();
}

// A name stands for something else now, cannot be found, or can be found again.
void ControlPlane::take_in(const NameReport& report) {
  if (report.watch != name_watch_) return;  // older than the configuration
  const bool was_lost =
      names_.count(report.endpoint) != 0 && !names_[report.endpoint].fault.empty();
  names_[report.endpoint] = report;
  if (report.fault.empty()) {
    std::string addresses;
    for (const proxy::SocketAddress& address : report.addresses) {
      addresses += (addresses.empty() ? "" : ", ") + address.ip_text();
    }
    parts_.log.info("the name " + report.host + " stands for " + addresses);
    pipeline_.update_addresses({{report.endpoint, report.addresses}});
    watch_health();
  } else if (!was_lost) {
    parts_.log.warning("cannot find an address for the name " + report.host + ": " + report.fault +
                       "; its last addresses stay in use");
  }
  publish_view();
}

void ControlPlane::build_seen(const proxy::BuildSighting& sighting) {
  post([this, sighting] { take_in(sighting); });
}

void ControlPlane::take_in(const proxy::BuildSighting& sighting) {
  const auto change = pipeline_.take_in(sighting);
  if (!change) return;
  note_build(*change);
  for (const config::Route& route : pipeline_.resolved()->config.routes) {
    const bool shows_it = route.legacy == change->backend || route.fresh == change->backend;
    if (shows_it) route_views_.refresh(route.name, parts_.clock.now());
  }
  after_change();
}

void ControlPlane::note_build(const BuildChange& change) {
  std::vector<std::string> routes;
  for (const config::Route& route : pipeline_.resolved()->config.routes) {
    if (route.fresh == change.backend) routes.push_back(route.name);
  }
  const std::string line = log_line(change, routes);
  if (change.finding == BuildHistory::Finding::crowded) return parts_.log.warning(line);
  parts_.log.info(line);
}

// What runs on the new side of a route; empty: unknown.
std::string ControlPlane::build_behind(const std::string& route) const {
  for (const config::Route& config : pipeline_.resolved()->config.routes) {
    if (config.name != route) continue;
    return std::string(pipeline_.builds().current(config.fresh.value_or("")));
  }
  return {};
}

void ControlPlane::note_outlier(const OutlierDetector::Event& event) {
  const std::string where = "endpoint " + event.endpoint + " of backend " + event.backend;
  if (!event.ejected) return parts_.log.info(where + " returned from its ejection");
  parts_.log.warning(where + " is ejected for " + std::to_string(event.time.count()) +
                     " ms: " + std::to_string(event.failures) + " failures in a row");
}

KnownNames ControlPlane::known_names() const {
  KnownNames known;
  for (const auto& [endpoint, name] : names_) known.try_emplace(name.host, name.addresses);
  return known;
}

void ControlPlane::after_load() {
  watch_health();
  const ResolvedConfig& resolved = *pipeline_.resolved();
  const config::Config& config = resolved.config;
  name_watch_ = name_watcher_.watch(config.backends, resolved.addresses, resolved.kept_names);
  std::map<std::string, NameReport> names;
  for (const config::Backend& backend : config.backends) {
    for (const config::EndpointUrl& url : backend.endpoints) {
      if (!has_name(url)) continue;
      NameReport& name = names[url.text];
      name = {url.text,
              url.host,
              resolved.addresses.at(url.text),
              {},
              names_.count(url.text) != 0 ? names_[url.text].failures : 0,
              name_watch_};
      const auto kept = resolved.kept_names.find(url.text);
      if (kept == resolved.kept_names.end()) continue;
      name.fault = kept->second;
      ++name.failures;
    }
  }
  names_ = std::move(names);
  for (const config::Route& route : config.routes) {
    const RouteEntry* entry = pipeline_.table().find(route.name);
    if (!entry || !entry->pending_file()) continue;
    parts_.log.warning("route " + route.name + " keeps its runtime weight of " +
                       percent_text(entry->effective()) + "; the file says " +
                       percent_text(entry->file) + " (ficus weight " + route.name +
                       " --from-file takes it)");
  }
}

void ControlPlane::note_failed_reload(std::vector<std::string> diagnostics) {
  post([this, diagnostics = std::move(diagnostics)] {
    reload_ = {false, parts_.clock.wall(), diagnostics};
    publish_view();
  });
}

void ControlPlane::set_listening(std::vector<std::string> addresses) {
  post([this, addresses = std::move(addresses)] {
    listening_ = addresses;
    publish_view();
  });
}

void ControlPlane::begin_drain() {
  post([this] {
    draining_ = true;
    publish_view();
  });
}

std::shared_ptr<const View> ControlPlane::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void ControlPlane::tripped(const proxy::Trip& trip) {
  auto kept = std::make_shared<const proxy::Trip>(trip);
  post([this, kept = std::move(kept)] { judge(kept); });
}

// The lane has acted already; here the tables follow and people are told.
void ControlPlane::judge(std::shared_ptr<const proxy::Trip> trip) {
  const proxy::FastLane* lane = registry_.lane(trip->route);
  const Decision decision = decision_of(trip, build_behind(trip->route), parts_.clock.wall());
  record(trip->route, decision);
  WeightChange change;
  change.route = trip->route;
  change.actor = "guard";
  change.cause = decision.cause;
  change.reason = decision.summary;
  const auto nobody = [](const Result<ChangePipeline::Receipt>&) {};
  // What an operator has lifted in the meantime stays lifted.
  if (trip->would_roll_back || lane == nullptr) return publish_view();
  if (lane->state() == proxy::LaneState::latched) {
    change.verb = Verb::rollback;
    pipeline_.submit(change, nobody);
  } else if (lane->state() == proxy::LaneState::retreated) {
    change.verb = Verb::retreat;
    pipeline_.submit(change, nobody);
  }
  route_views_.refresh(trip->route, parts_.clock.now());
  after_change();
}

void ControlPlane::record(const std::string& route, Decision decision) {
  const auto key = std::make_pair(route, decision.cause);
  if (decision.kind == Decision::Kind::rollback) ++rollbacks_[key];
  if (decision.kind == Decision::Kind::would_roll_back) ++would_roll_backs_[key];
  if (decision.build.empty()) decision.build = build_behind(route);
  parts_.log.warning(log_line(route, decision));

  route_views_.decided(route, std::make_shared<const Decision>(std::move(decision)),
                       parts_.clock.now());
}

void ControlPlane::tick() {
  const auto began = std::chrono::steady_clock::now();
  const Clock::Monotonic now = parts_.clock.now();
  rotate_ticket_keys(now);
  if (pipeline_.resolved()) {
    const std::uint64_t version = pipeline_.version();
    pipeline_.expire_overrides();
    outliers_.tick(*pipeline_.snapshot(), now);
    if (pipeline_.version() != version) route_views_.refresh_all(now);
    route_views_.look(now);
    watch_outages(now);
    sample_busy(now);
  }
  pipeline_.confirm();
  publish_view();
  longest_tick_ = std::max(longest_tick_, std::chrono::duration_cast<std::chrono::microseconds>(
                                              std::chrono::steady_clock::now() - began));
}

void ControlPlane::rotate_ticket_keys(Clock::Monotonic now) {
  if (now - ticket_keys_since_ < proxy::TlsTicketKeys::kRotateEvery) return;
  ticket_keys_since_ = now;
  parts_.sink.rotate_ticket_keys();
}

void ControlPlane::sample_busy(Clock::Monotonic now) {
  const auto elapsed = std::chrono::duration<double, std::micro>(now - busy_since_).count();
  if (!busy_before_.empty() && now - busy_since_ < kBusyOver) return;
  std::vector<std::uint64_t> current;
  for (std::size_t i = 0; i < parts_.sink.workers(); ++i) {
    current.push_back(parts_.cells(i).busy_micros.value());
  }
  busy_.clear();
  for (std::size_t i = 0; i < busy_before_.size(); ++i) {
    busy_.push_back(std::min(1.0, static_cast<double>(current[i] - busy_before_[i]) / elapsed));
  }
  busy_before_ = std::move(current);
  busy_since_ = now;
}

// A new side without any healthy endpoint for unhealthy_grace is rolled back, if legacy can serve.
void ControlPlane::watch_outages(Clock::Monotonic now) {
  const std::shared_ptr<const ResolvedConfig> resolved = pipeline_.resolved();
  const std::shared_ptr<const proxy::RoutingSnapshot> snapshot = pipeline_.snapshot();
  std::size_t lasting = 0;
  for (std::size_t i = 0; i < snapshot->routes.size(); ++i) {
    const proxy::Route& route = snapshot->routes[i];
    const config::Route& config = resolved->config.routes[i];
    const bool watched = route.legacy && route.fresh && !route.fresh->usable() &&
                         route.weight > config::Weight{} &&
                         config.guard.mode != config::GuardMode::off;
    if (!watched) {
      if (!outages_.empty()) outages_.erase(config.name);
      continue;
    }
    ++lasting;
    Outage& outage = outages_.try_emplace(config.name, now).first->second;
    const Outage::Step step = outage.step(now, config.guard.unhealthy_grace, *route.legacy);
    if (step != Outage::Step::wait) act_on_outage(step, config, route);
  }
  if (outages_.size() == lasting) return;
  // Of routes that the file no longer has.
  std::erase_if(outages_, [&](const auto& outage) {
    return std::ranges::none_of(resolved->config.routes, [&](const config::Route& route) {
      return route.name == outage.first;
    });
  });
}

void ControlPlane::act_on_outage(Outage::Step step, const config::Route& config,
                                 const proxy::Route& route) {
  Decision decision;
  decision.cause = "unhealthy";
  decision.actor = "guard";
  decision.at = parts_.clock.wall();
  decision.weight = route.weight;
  decision.summary = "no endpoint of backend " + route.fresh->name + " has been healthy for " +
                     std::to_string(config.guard.unhealthy_grace.count()) + " ms";
  const std::string build = build_behind(config.name);
  if (!build.empty()) decision.summary += ", build " + build;
  if (step == Outage::Step::hold) {
    decision.kind = Decision::Kind::held;
    decision.summary += ", and none of legacy backend " + route.legacy->name +
                        " is: not rolled back, BOTH SIDES ARE DOWN";
    record(config.name, std::move(decision));
    return;
  }
  if (config.guard.mode == config::GuardMode::observe) {
    decision.kind = Decision::Kind::would_roll_back;
    record(config.name, std::move(decision));
    return;
  }
  WeightChange change;
  change.route = config.name;
  change.verb = Verb::rollback;
  change.actor = decision.actor;
  change.cause = decision.cause;
  change.reason = decision.summary;
  apply(change, [](const Result<ChangePipeline::Receipt>&) {});
}

void ControlPlane::publish_view() {
  auto view = std::make_shared<View>();
  view->at = parts_.clock.wall();
  view->started = started_;
  view->version = pipeline_.version();
  for (std::size_t i = 0; i < parts_.sink.workers(); ++i) {
    view->applied.push_back(parts_.sink.applied_version(i));
  }
  view->busy = busy_;
  view->draining = draining_;
  view->reload = reload_;
  view->resolved = pipeline_.resolved();
  view->snapshot = pipeline_.snapshot();
  view->listening = listening_;
  for (const auto& [text, name] : names_) {
    NameView shown{name.host, {}, name.fault, name.failures};
    for (const proxy::SocketAddress& address : name.addresses) {
      shown.addresses.push_back(address.ip_text());
    }
    view->names.push_back(std::move(shown));
  }
  view->rollbacks = rollbacks_;
  view->would_roll_backs = would_roll_backs_;
  view->longest_tick = longest_tick_;
  if (parts_.access_log_dropped) view->access_log_dropped = parts_.access_log_dropped();
  view->routes = route_views_.views();
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
}

}  // namespace ficus::control
