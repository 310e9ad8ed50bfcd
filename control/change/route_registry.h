#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/change/backend_builds.h"
#include "control/change/tolerated_answers.h"
#include "control/change/weight_change.h"
#include "control/clock.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// What outlives snapshots: the state of each route and endpoint, by name and with a stable address,
// so that a weight change or a reload loses no counter, no evidence and no pooled connection.
// A route that leaves the configuration is kept; an endpoint's slot is reused once no snapshot
// refers to it. Thread: the control thread.
class RouteRegistry {
 public:
  // `trips` is told about the guard's verdicts and `builds` about builds that answers name, both on
  // worker threads; they may be null and outlive the registry and all snapshots.
  RouteRegistry(std::size_t workers, proxy::TripSink* trips, proxy::BuildSink* builds = nullptr);

  std::size_t workers() const { return workers_; }

  BackendBuilds& builds() { return builds_; }
  const BackendBuilds& builds() const { return builds_; }

  // Signs the pins of this process: random, never written anywhere.
  const std::string& pin_key() const { return pin_key_; }

  // How an endpoint is spoken to. Another way is another endpoint: no connection and no session of
  // the one before may serve it. Where only files changed (the fingerprint), it stands as the one
  // before did: ejected, or so many failures from it.
  struct TlsIdentity {
    std::string server_name;  // empty: without TLS
    std::string fingerprint;  // of the backend's TlsClient
  };

  std::shared_ptr<proxy::RouteState> route(const std::string& name);
  std::shared_ptr<proxy::BackendState> backend(const std::string& name);
  std::shared_ptr<proxy::EndpointState> endpoint(const std::string& backend,
                                                 const config::EndpointUrl& url,
                                                 const proxy::SocketAddress& address,
                                                 const TlsIdentity& tls = {});

  std::shared_ptr<proxy::ListenerState> listener(const std::string& address);
  std::shared_ptr<ToleratedAnswers> tolerated(const std::string& backend);

  // Around the making of a snapshot: the endpoints that were not asked for in between are gone, and
  // workers close their connections to them.
  void begin_snapshot() { ++snapshot_; }
  void end_snapshot();

  // The epoch of outcomes for these terms: the open one if nothing differs from before, the build
  // of the new side included.
  std::shared_ptr<proxy::OutcomeEpoch> epoch(const config::Route& route, config::Weight effective,
                                             Clock::Monotonic now);

  // Takes the new side off at once, before the tables and snapshots follow.
  void latch(const std::string& route, Clock::Monotonic now);

  // Permits the new side again, at weight 0.
  void rearm(const config::Route& route, Clock::Monotonic now);

  // Ends a retreat of the guard. The next epoch() opens a new one.
  void lift_retreat(const std::string& route);

  // The lane of a route that was asked for before; null otherwise.
  const proxy::FastLane* lane(const std::string& route) const;

 private:
  struct Known {
    std::shared_ptr<proxy::RouteState> state;
    std::shared_ptr<proxy::OutcomeEpoch> epoch;  // null: the next epoch() opens one
    proxy::LaneChange terms;                     // of `epoch`
    std::optional<std::string> fresh;            // its new side's backend; "": it had none
    std::uint64_t deploys = 0;                   // of that backend so far
  };

  struct KnownEndpoint {
    std::string key;
    std::weak_ptr<proxy::EndpointState> state;
    std::uint64_t used_by = 0;  // the last snapshot that routes to it
  };

  Known& known(const std::string& name);
  std::uint32_t free_slot();
  // Of the snapshot before, the endpoint whose key begins like that; null: none.
  std::shared_ptr<proxy::EndpointState> former(const std::string& place) const;

  const std::size_t workers_;
  proxy::TripSink* const trips_;
  const std::string pin_key_;
  std::map<std::string, Known> routes_;
  std::map<std::string, std::shared_ptr<proxy::BackendState>> backends_;
  std::vector<KnownEndpoint> endpoints_;        // by slot
  std::map<std::string, std::uint32_t> slots_;  // by key
  std::uint64_t snapshot_ = 0;
  std::size_t look_from_ = 0;  // no slot before it is free
  std::map<std::string, std::shared_ptr<proxy::ListenerState>> listeners_;
  std::map<std::string, std::shared_ptr<ToleratedAnswers>> tolerated_;
  BackendBuilds builds_;
};

}  // namespace ficus::control
