#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/change/change_pipeline.h"
#include "control/metrics/aggregator.h"
#include "control/view.h"

namespace ficus::control {

// What is known of each route, kept up to date route by route: a look ticks its lane, samples its
// counters and renews its view. Few routes are all looked at each tick; of many, kLooksPerTick are,
// in turn, so that a tick stays short however many there are. Thread: the control thread.
class RouteViews {
 public:
  static constexpr std::size_t kLooksPerTick = 512;

  // `pipeline` outlives this.
  explicit RouteViews(const ChangePipeline& pipeline) : pipeline_(pipeline) {}

  // After a configuration came into force: all anew, decisions kept.
  void reload(Clock::Monotonic now);

  // To be called each tick.
  void look(Clock::Monotonic now);

  // After a change, so that who asked for it finds it in the view.
  void refresh(const std::string& route, Clock::Monotonic now);
  void refresh_all(Clock::Monotonic now);

  // From here on users' errors count towards this decision.
  void decided(const std::string& route, std::shared_ptr<const Decision> decision,
               Clock::Monotonic now);

  // In the order of the configuration; never null.
  const std::vector<std::shared_ptr<const RouteView>>& views() const { return views_; }

 private:
  struct Judged {
    std::shared_ptr<const Decision> decision;
    Aftermath before;  // totals of users' errors a minute before it
    Aftermath seen;
    Clock::Monotonic until;  // counted until then
  };

  void renew(std::size_t index, Clock::Monotonic now);
  void add_decision(RouteView& view, Clock::Monotonic now);

  const ChangePipeline& pipeline_;
  Aggregator aggregator_;
  std::map<std::string, Judged, std::less<>> judged_;
  std::vector<std::shared_ptr<const RouteView>> views_;
  std::unordered_map<std::string, std::size_t> index_;  // by name, into views_
  std::size_t next_ = 0;
};

}  // namespace ficus::control
