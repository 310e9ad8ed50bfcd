#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/change/change_pipeline.h"
#include "control/change/name_watcher.h"
#include "control/clock.h"
#include "control/health/outage.h"
#include "control/health/outlier_detector.h"
#include "control/log.h"
#include "control/metrics/exposition.h"
#include "control/route_views.h"
#include "control/view.h"
#include "proxy/guard/fast_lane.h"
#include "proxy/net/thread_clock.h"
#include "proxy/server.h"

namespace ficus::control {

// The control thread: it alone decides. It ticks every 100 ms, takes in what the guard saw, and
// publishes what others may read. Nothing on it may take more than 5 ms.
// Threads: post(), submit(), preview(), load(), view(), tripped(), build_seen(), note_reload():
// any. start() and stop(): the owner's.
class ControlPlane final : public proxy::TripSink, public proxy::BuildSink {
 public:
  static constexpr std::chrono::milliseconds kTick{100};

  struct Parts {
    const Clock& clock;
    Log& log;
    proxy::SnapshotSink& sink;
    WorkerCellsOf cells;
    NameWatch names{};
    std::function<std::uint64_t()> access_log_dropped = {};  // lines; any thread
  };

  explicit ControlPlane(const Parts& parts);
  ~ControlPlane() override;

  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  void start();  // the thread
  void stop();   // ends and joins it; nothing is called back afterwards

  // Runs `work` on the control thread.
  void post(std::function<void()> work);

  // The answer comes on the control thread.
  void submit(WeightChange change, ChangePipeline::Answer answer);

  // Rolls every route with two sides back; answers once, with the last version.
  struct Sweep {
    std::vector<std::string> rolled_back;
    ChangePipeline::Receipt receipt;
  };
  void roll_back_all(const std::string& actor, const std::string& reason,
                     std::function<void(Sweep)> answer);

  // The route as the change would leave it.
  void preview(WeightChange change, std::function<void(Result<RouteEntry>)> answer);

  void load(std::shared_ptr<const ResolvedConfig> resolved, ChangePipeline::Answer answer);

  // What the names of endpoints stand for at this moment. Control thread.
  KnownNames known_names() const;

  // A reload that came to nothing, for status and metrics.
  void note_failed_reload(std::vector<std::string> diagnostics);

  void set_listening(std::vector<std::string> addresses);
  void begin_drain();  // readyz says no from here on

  // Of the last tick or change; never null.
  std::shared_ptr<const View> view() const;

  // CPU time of the control thread, and of the one that looks names up. Any thread.
  std::chrono::nanoseconds cpu_time() const { return cpu_.used(); }
  std::chrono::nanoseconds resolver_cpu_time() const { return name_watcher_.cpu_time(); }

  // From the guard, on a worker thread.
  void tripped(const proxy::Trip& trip) override;

  // From an answer, on a worker thread.
  void build_seen(const proxy::BuildSighting& sighting) override;

 private:
  class Loop;  // the Asio side: io_context, timers, health checks

  void tick();
  void judge(std::shared_ptr<const proxy::Trip> trip);
  void record(const std::string& route, Decision decision);
  void watch_outages(Clock::Monotonic now);
  void act_on_outage(Outage::Step step, const config::Route& config, const proxy::Route& route);
  void apply(const WeightChange& change, ChangePipeline::Answer answer);
  void answer_later(const ChangePipeline::Answer& answer,
                    const Result<ChangePipeline::Receipt>& receipt);
  void after_load();
  void watch_health();
  void take_in(const NameReport& report);
  void take_in(const proxy::BuildSighting& sighting);
  void note_build(const BuildChange& change);
  std::string build_behind(const std::string& route) const;
  void note_outlier(const OutlierDetector::Event& event);
  void after_change();
  void sample_busy(Clock::Monotonic now);
  void rotate_ticket_keys(Clock::Monotonic now);
  void publish_view();

  const Parts parts_;
  const Clock::Wall started_;

  // Control thread only.
  std::unique_ptr<Loop> loop_;
  RouteRegistry registry_;
  ChangePipeline pipeline_;
  RouteViews route_views_;
  std::map<std::string, Outage> outages_;
  OutlierDetector outliers_;
  std::map<std::string, NameReport> names_;  // by the endpoint's text
  std::uint64_t name_watch_ = 0;
  RollbackCounts rollbacks_;
  RollbackCounts would_roll_backs_;
  ReloadView reload_;
  std::vector<std::string> listening_;
  bool draining_ = false;
  Clock::Monotonic ticket_keys_since_{};
  Clock::Monotonic busy_since_{};
  std::vector<std::uint64_t> busy_before_;
  std::vector<double> busy_;
  std::chrono::microseconds longest_tick_{0};

  // Shared.
  mutable std::mutex view_mutex_;
  std::shared_ptr<const View> view_;

  NameWatcher name_watcher_;
  proxy::ThreadClock cpu_;
  std::thread thread_;
};

}  // namespace ficus::control
