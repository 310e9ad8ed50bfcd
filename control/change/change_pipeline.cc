#include "control/change/change_pipeline.h"

#include <utility>

namespace ficus::control {

RouteTable::Moment ChangePipeline::next_moment() const {
  return {parts_.clock.now(), parts_.clock.wall(), version_ + 1};
}

void ChangePipeline::submit(const WeightChange& change, Answer answer) {
  const RouteTable::Moment at = next_moment();
  auto proposed = table_.propose(change, at);
  if (!proposed) return answer(proposed.error());
  if (change.verb == Verb::rearm && !applied_everywhere()) {
    // A worker that still routes by the share before the rollback would use it again.
    return answer(
        Error{409, "the rollback of route " + change.route + " is not yet in force on all workers",
              "try again in a moment"});
  }
  move_lane(change, *proposed, at.monotonic);
  publish(std::move(*proposed), at);
  await(std::move(answer));
}

// The lane moves first: a rollback holds for the next request, before any snapshot is built.
void ChangePipeline::move_lane(const WeightChange& change, const RouteTable& to,
                               Clock::Monotonic now) {
  switch (change.verb) {
    case Verb::rollback:
      parts_.registry.latch(change.route, now);
      break;
    case Verb::rearm:
      if (const config::Route* route = find_route(change.route)) {
        parts_.registry.rearm(*route, now);
      }
      break;
    case Verb::set_weight:
    case Verb::use_file: {
      const RouteEntry* before = table_.find(change.route);
      const RouteEntry* after = to.find(change.route);
      if (before && after && before->retreat && !after->retreat) {
        parts_.registry.lift_retreat(change.route);
      }
      break;
    }
    case Verb::retreat:  // the lane did it itself
      break;
  }
}

void ChangePipeline::roll_back(const std::vector<std::string>& routes, const WeightChange& change,
                               Answer answer) {
  const RouteTable::Moment at = next_moment();
  for (const std::string& route : routes) parts_.registry.latch(route, at.monotonic);
  publish(table_.rolled_back(routes, change, at), at);
  await(std::move(answer));
}

Result<RouteTable> ChangePipeline::preview(const WeightChange& change) const {
  return table_.propose(change, next_moment());
}

std::vector<BuildChange> ChangePipeline::load(std::shared_ptr<const ResolvedConfig> resolved,
                                              Answer answer) {
  const RouteTable::Moment at = next_moment();
  resolved_ = std::move(resolved);
  addresses_ = resolved_->addresses;
  std::vector<BuildChange> builds = parts_.registry.builds().load(resolved_->config.backends);
  publish(table_.reloaded(resolved_->config, at), at);
  await(std::move(answer));
  return builds;
}

std::optional<BuildChange> ChangePipeline::take_in(const proxy::BuildSighting& sighting) {
  const auto change = parts_.registry.builds().see(sighting, parts_.clock.now());
  const bool fresh = change && change->finding == BuildHistory::Finding::fresh;
  if (fresh && resolved_) publish(table_, next_moment());
  return change;
}

void ChangePipeline::update_addresses(const Addresses& addresses) {
  bool changed = false;
  for (const auto& [text, found] : addresses) {
    const auto known = addresses_.find(text);
    if (known == addresses_.end() || known->second == found) continue;
    known->second = found;
    changed = true;
  }
  if (changed) publish(table_, next_moment());
}

void ChangePipeline::expire_overrides() {
  const RouteTable::Moment at = next_moment();
  if (auto table = table_.expired(at)) publish(std::move(*table), at);
}

void ChangePipeline::refresh_health() {
  if (resolved_) publish(table_, next_moment());
}

void ChangePipeline::publish(RouteTable table, const RouteTable::Moment& at) {
  table_ = std::move(table);
  if (snapshot_) superseded_.push_back(std::move(snapshot_));
  snapshot_ = build_snapshot({resolved_->config, addresses_, resolved_->rules, table_,
                              parts_.registry, parts_.healthy, at, &resolved_->tls});
  version_ = at.version;
  parts_.sink.publish(snapshot_);
}

void ChangePipeline::await(Answer answer) {
  pending_.push_back({version_, parts_.clock.now() + kConfirmWithin, std::move(answer)});
  confirm();
}

void ChangePipeline::confirm() {
  std::erase_if(superseded_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
  const Clock::Monotonic now = parts_.clock.now();
  const std::size_t workers = parts_.sink.workers();
  std::vector<Pending> still;
  std::vector<Pending> waited = std::exchange(pending_, {});
  for (Pending& pending : waited) {
    const std::size_t applied = applied_by(pending.version);
    if (applied < workers && now < pending.until) {
      still.push_back(std::move(pending));
      continue;
    }
    pending.answer(Receipt{pending.version, applied, workers});
  }
  // An answer may have submitted another change.
  for (Pending& pending : pending_) still.push_back(std::move(pending));
  pending_ = std::move(still);
}

std::size_t ChangePipeline::applied_by(std::uint64_t version) const {
  std::size_t applied = 0;
  for (std::size_t worker = 0; worker < parts_.sink.workers(); ++worker) {
    if (parts_.sink.applied_version(worker) >= version) ++applied;
  }
  return applied;
}

const config::Route* ChangePipeline::find_route(const std::string& name) const {
  for (const config::Route& route : resolved_->config.routes) {
    if (route.name == name) return &route;
  }
  return nullptr;
}

}  // namespace ficus::control
