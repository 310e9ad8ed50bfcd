#include "control/change/backend_builds.h"

#include <set>
#include <utility>

#include "proxy/http/head_fields.h"

namespace ficus::control {

void BackendBuilds::Known::forget() {
  const std::uint64_t count = deploys;
  *this = Known{};
  deploys = count;
}

std::vector<BuildChange> BackendBuilds::load(const std::vector<config::Backend>& backends) {
  std::vector<BuildChange> changes;
  std::set<std::string_view> present;
  for (const config::Backend& backend : backends) {
    if (!backend.build && !backend.build_header) continue;
    present.insert(backend.name);
    if (auto change = configure(known_[backend.name], backend)) {
      changes.push_back(std::move(*change));
    }
  }
  for (auto& [name, known] : known_) {
    if (present.count(name) == 0) known.forget();
  }
  return changes;
}

std::optional<BuildChange> BackendBuilds::configure(Known& known, const config::Backend& backend) {
  if (backend.build_header) {
    const bool stays = known.watch && proxy::http::equals_ignoring_case(known.watch->header(),
                                                                        *backend.build_header);
    if (stays) return std::nullopt;
    known.forget();
    known.watch = std::make_shared<proxy::BuildWatch>(
        proxy::BuildWatch::Of{backend.name, *backend.build_header}, workers_, sink_);
    return std::nullopt;
  }
  if (known.watch) known.forget();
  const std::string before = std::exchange(known.build, *backend.build);
  if (before.empty() || before == known.build) return std::nullopt;
  ++known.deploys;
  return BuildChange{BuildHistory::Finding::fresh, backend.name, {}, before, known.build};
}

std::optional<BuildChange> BackendBuilds::see(const proxy::BuildSighting& sighting,
                                              Clock::Monotonic now) {
  using Finding = BuildHistory::Finding;
  const auto found = known_.find(sighting.backend);
  // Older than the configuration?
  if (found == known_.end()) return std::nullopt;
  Known& known = found->second;
  if (!known.watch || known.watch->header() != sighting.header) return std::nullopt;
  BuildChange change;
  change.backend = sighting.backend;
  change.header = sighting.header;
  change.before = known.history.current();
  change.build = sighting.build;
  change.finding = known.history.see(sighting.build, now);
  if (change.finding == Finding::known) return std::nullopt;
  if (change.finding == Finding::fresh) ++known.deploys;
  if (change.finding == Finding::crowded && std::exchange(known.told_crowded, true)) {
    return std::nullopt;
  }
  return change;
}

std::string_view BackendBuilds::current(const std::string& backend) const {
  const Known* known = find(backend);
  return known == nullptr ? std::string_view() : known->current();
}

std::uint64_t BackendBuilds::deploys(const std::string& backend) const {
  const Known* known = find(backend);
  return known == nullptr ? 0 : known->deploys;
}

std::shared_ptr<proxy::BuildWatch> BackendBuilds::watch(const std::string& backend) const {
  const Known* known = find(backend);
  return known == nullptr ? nullptr : known->watch;
}

const BackendBuilds::Known* BackendBuilds::find(const std::string& backend) const {
  const auto found = known_.find(backend);
  return found == known_.end() ? nullptr : &found->second;
}

}  // namespace ficus::control
