#include "control/control_plane.h"

#include <algorithm>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/decision.h"
#include "control/health/health_checker.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSampleEvery{1};
constexpr seconds kBusyOver{10};
constexpr seconds kAftermath{10};  // users' errors are counted towards a decision for so long
constexpr milliseconds kConfirmEvery{2};

}  // namespace

class ControlPlane::Loop {
 public:
  explicit Loop(std::function<void(const HealthChecker::Change&)> changed)
      : work_(asio::make_work_guard(context_)),
        ticker_(context_),
        confirmer_(context_),
        health_(context_.get_executor(), std::move(changed)) {}

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
      loop_(std::make_unique<Loop>([this](const HealthChecker::Change& change) {
        const std::string where = "endpoint " + change.endpoint + " of backend " + change.backend;
        if (change.healthy) {
          parts_.log.info(where + " is healthy: " + change.why);
        } else {
          parts_.log.warning(where + " is unhealthy: " + change.why);
        }
        pipeline_.refresh_health();
        publish_view();
      })),
      registry_(parts.sink.workers(), this),
      pipeline_({parts.clock, parts.sink, registry_,
                 [this](const std::string& backend, const std::string& endpoint) {
                   return loop_->health().healthy(backend, endpoint);
                 }}),
      view_(std::make_shared<View>()) {
  reload_.at = started_;
}

ControlPlane::~ControlPlane() { stop(); }

void ControlPlane::start() {
  loop_->tick_every(kTick, [this] { tick(); });
  thread_ = std::thread([this] { loop_->context().run(); });
}

void ControlPlane::stop() {
  if (!thread_.joinable()) return;
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

void ControlPlane::apply(const WeightChange& change, ChangePipeline::Answer answer) {
  const RouteEntry* entry = pipeline_.table().find(change.route);
  const bool latches = change.verb == Verb::rollback && entry && !entry->latch;
  const config::Weight before = entry ? entry->effective() : config::Weight{};
  bool refused = false;
  pipeline_.submit(change, [&refused, answer, this](Result<ChangePipeline::Receipt> receipt) {
    refused = !receipt;
    after_change();
    answer(std::move(receipt));
  });
  // (continued below)
  (void)latches;
  (void)before;
}

}  // namespace ficus::control
