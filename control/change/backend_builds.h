#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "control/change/build_history.h"
#include "control/clock.h"
#include "proxy/upstream/build_watch.h"

namespace ficus::control {

// What has become known about the build of a backend.
struct BuildChange {
  BuildHistory::Finding finding = BuildHistory::Finding::known;
  std::string backend;
  std::string header;  // that said it; empty: the configuration did
  std::string before;  // the build that ran until then; empty: unknown
  std::string build;
};

// Which build of each backend runs, as the configuration or the answers say, and how often it has
// become another one. Thread: the control thread.
class BackendBuilds {
 public:
  // `sink` is told what workers see; may be null; outlives this and all snapshots.
  BackendBuilds(std::size_t workers, proxy::BuildSink* sink) : workers_(workers), sink_(sink) {}

  // Another configuration. What is known stays as long as the backend's key does. The builds that
  // are fresh by it.
  std::vector<BuildChange> load(const std::vector<config::Backend>& backends);

  // A worker saw this. Nothing if there is nothing to do or to say about it: a crowded value is
  // told once.
  std::optional<BuildChange> see(const proxy::BuildSighting& sighting, Clock::Monotonic now);

  // Empty: unknown.
  std::string_view current(const std::string& backend) const;

  // Rises with each fresh build, for as long as the process runs.
  std::uint64_t deploys(const std::string& backend) const;

  // Null: the answers of this backend do not say.
  std::shared_ptr<proxy::BuildWatch> watch(const std::string& backend) const;

 private:
  struct Known {
    std::uint64_t deploys = 0;
    // One of the two, or none.
    std::string build;                         // as configured
    std::shared_ptr<proxy::BuildWatch> watch;  // of the header
    BuildHistory history;                      // of `watch`
    bool told_crowded = false;

    std::string_view current() const { return watch ? history.current() : build; }
    void forget();
  };

  std::optional<BuildChange> configure(Known& known, const config::Backend& backend);
  const Known* find(const std::string& backend) const;

  const std::size_t workers_;
  proxy::BuildSink* const sink_;
  std::map<std::string, Known> known_;  // by the backend's name; of former ones the count only
};

}  // namespace ficus::control
