#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "control/change/resolve.h"
#include "control/change/route_registry.h"
#include "control/change/route_table.h"
#include "control/change/snapshot_builder.h"
#include "control/clock.h"
#include "proxy/server.h"

namespace ficus::control {

// The only door to weights: whoever wants a change, it is proposed, built, published and confirmed
// here, one after the other. Thread: the control thread.
class ChangePipeline {
 public:
  static constexpr std::chrono::seconds kConfirmWithin{2};

  struct Receipt {
    std::uint64_t version = 0;
    std::size_t applied = 0;  // workers that route by it; fewer than all after kConfirmWithin
    std::size_t workers = 0;
  };
  using Answer = std::function<void(Result<Receipt>)>;

  struct Parts {
    const Clock& clock;
    proxy::SnapshotSink& sink;
    RouteRegistry& registry;
    HealthLookup healthy;
  };

  explicit ChangePipeline(Parts parts) : parts_(std::move(parts)) {}

  // Changes a route's share. `answer` is called from here or from confirm(), once.
  void submit(const WeightChange& change, Answer answer);

  // Rolls all of `routes` back at once; `change` says who and why.
  void roll_back(const std::vector<std::string>& routes, const WeightChange& change, Answer answer);

  // What submit() would do, without doing it.
  Result<RouteTable> preview(const WeightChange& change) const;

  // Routes by another configuration; overrides, latches and evidence stay. The builds that are
  // fresh by it, whose routes begin another epoch.
  std::vector<BuildChange> load(std::shared_ptr<const ResolvedConfig> resolved, Answer answer);

  // An answer named a build. If it is a fresh one, each route to it begins another epoch. Nothing
  // if there is nothing to tell.
  std::optional<BuildChange> take_in(const proxy::BuildSighting& sighting);

  // The names of endpoints stand for other addresses now; by the endpoint's text. What is not of
  // the present configuration is passed over.
  void update_addresses(const Addresses& addresses);

  void expire_overrides();
  void refresh_health();

  // Answers the changes that all workers route by, or that had their time. To be called often while
  // waiting() is true.
  void confirm();
  bool waiting() const { return !pending_.empty(); }

  // The last version published, and whether every worker routes by it.
  std::uint64_t version() const { return version_; }
  bool applied_everywhere() const { return applied_by(version_) == parts_.sink.workers(); }

  const RouteTable& table() const { return table_; }
  const BackendBuilds& builds() const { return parts_.registry.builds(); }
  const std::shared_ptr<const ResolvedConfig>& resolved() const { return resolved_; }
  const std::shared_ptr<const proxy::RoutingSnapshot>& snapshot() const { return snapshot_; }

 private:
  struct Pending {
    std::uint64_t version;
    Clock::Monotonic until;
    Answer answer;
  };

  RouteTable::Moment next_moment() const;
  std::size_t applied_by(std::uint64_t version) const;
  const config::Route* find_route(const std::string& name) const;
  void move_lane(const WeightChange& change, const RouteTable& to, Clock::Monotonic now);
  void publish(RouteTable table, const RouteTable::Moment& at);
  void await(Answer answer);

  Parts parts_;
  std::uint64_t version_ = 0;
  RouteTable table_;
  std::shared_ptr<const ResolvedConfig> resolved_;
  Addresses addresses_;  // those of resolved_, as far as they have not changed since
  std::shared_ptr<const proxy::RoutingSnapshot> snapshot_;
  std::vector<Pending> pending_;
  // Snapshots of old that a worker may still use: freed here and not by the worker, for which
  // thousands of routes would be a pause.
  std::vector<std::shared_ptr<const proxy::RoutingSnapshot>> superseded_;
};

}  // namespace ficus::control
