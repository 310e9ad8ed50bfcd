#include "control/health/outlier_detector.h"

namespace ficus::control {
namespace {

EjectionCounts count(const proxy::Backend& backend) {
  EjectionCounts counts;
  for (const proxy::Endpoint& endpoint : backend.endpoints) {
    const bool ejected = endpoint.state->standing.ejected();
    ++counts.all;
    if (ejected) ++counts.ejected;
    if (endpoint.healthy && !ejected) ++counts.usable;
  }
  return counts;
}

std::string place_of(const proxy::Backend& backend, const proxy::EndpointState& endpoint) {
  return backend.name + ' ' + endpoint.name + ' ' + endpoint.address.text() + ' ' +
         endpoint.tls_name;
}

}  // namespace

void OutlierDetector::tick(const proxy::RoutingSnapshot& snapshot, Clock::Monotonic now) {
  for (const auto& backend : snapshot.backends) {
    if (backend->outlier_detection) {
      look_at(*backend, now);
    } else if (!known_.empty()) {
      // A reload may have taken the block away.
      for (const proxy::Endpoint& endpoint : backend->endpoints) admit(*backend, endpoint);
    }
  }
  std::erase_if(known_, [](const auto& known) { return known.second.endpoint.expired(); });
}

void OutlierDetector::admit(const proxy::Backend& backend, const proxy::Endpoint& endpoint) {
  if (!endpoint.state->standing.ejected()) return;
  endpoint.state->standing.admit();
  happened_({backend.name, endpoint.label, false, 0, {}});
}

void OutlierDetector::look_at(const proxy::Backend& backend, Clock::Monotonic now) {
  const config::OutlierDetection& terms = *backend.outlier_detection;
  for (const proxy::Endpoint& endpoint : backend.endpoints) {
    proxy::EndpointStanding& standing = endpoint.state->standing;
    const std::uint32_t failures = standing.consecutive_failures();
    if (standing.ejections() == 0 && failures < backend.failure_limit()) continue;
    const std::string place = place_of(backend, *endpoint.state);
    const auto found = known_.find(place);
    if (found != known_.end()) found->second.endpoint = endpoint.state;
    if (standing.ejected()) {
      if (found == known_.end() || found->second.record.is_over(now)) admit(backend, endpoint);
      continue;
    }
    if (found != known_.end()) found->second.record.forgive(terms, now);
    if (failures < backend.failure_limit()) continue;
    const EjectionCounts counts = count(backend);
    if (!endpoint.healthy || !may_eject(terms, counts)) {
      standing.admit();
      continue;
    }
    Known& known = known_[place];
    known.endpoint = endpoint.state;
    standing.eject();
    happened_({backend.name, endpoint.label, true, failures, known.record.eject(terms, now)});
  }
}

}  // namespace ficus::control
