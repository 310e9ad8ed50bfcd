#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "proxy/error.h"
#include "proxy/guard/outcome_epoch.h"

namespace ficus::proxy {

// What a worker must know before it sends a request to the new side.
enum class LaneState : std::uint8_t {
  open,
  retreated,  // the guard took the share to 0; lifted together with the next weight
  latched,    // rolled back; only rearm lifts it
};

constexpr std::string_view text(LaneState state) {
  constexpr std::array<std::string_view, 3> kText{"open", "retreated", "latched"};
  return kText[static_cast<std::size_t>(state)];
}

enum class Verdict : std::uint8_t { none, rollback, retreat };

constexpr std::string_view text(Verdict verdict) {
  constexpr std::array<std::string_view, 3> kText{"none", "rollback", "retreat"};
  return kText[static_cast<std::size_t>(verdict)];
}

// Which test judges.
enum class Test : std::uint8_t { absolute, plain_window };

constexpr std::string_view text(Test test) {
  return test == Test::absolute ? "absolute" : "plain_window";
}

// A failed exchange that was charged to the new side. Views are copied if kept.
struct FailedExchange {
  SteadyTime assigned_at{};  // read before it was admitted to its epoch
  SteadyTime now{};
  std::optional<std::uint64_t> key;  // sticky hash, if the route is sticky and a key was found
  std::uint64_t client = 0;          // hash of the client address
  ErrorKind kind = ErrorKind::none;
  int status = 0;  // 0: no answer
  std::string_view method;
  std::string_view path;
  std::string_view endpoint;
  std::string_view request_id;
};

// A failed exchange as it is kept for the report. Texts are cut at 256 bytes.
struct KeptFailure {
  SteadyTime assigned_at{};
  SteadyTime at{};
  std::optional<std::uint64_t> key;
  std::uint64_t client = 0;
  ErrorKind kind = ErrorKind::none;
  int status = 0;
  std::string method;
  std::string path;
  std::string endpoint;
  std::string request_id;
};

// What one side of the evidence says at a moment: the figures that a verdict rests on.
struct Evidence {
  Test test = Test::absolute;
  LaneState state = LaneState::open;
  config::GuardMode mode = config::GuardMode::enforce;
  bool armed = false;  // it would act on a failure: enforced, open, and the epoch not closed

  config::Weight weight;
  std::uint32_t stage = 0;  // entries of stages since start or rearm
  SteadyTime opened{};      // when the epoch began
  bool slow_starting = false;
  double slow_start_progress = 1;  // sticky: reached share of the step; unsticky: 0 while it runs
  std::int32_t tokens = 0;         // unsticky slow start

  double tau = 0;                     // forgiven error rate, a ratio
  std::optional<double> legacy_rate;  // as frozen at the stage's entry; unset: not known then
  double wealth = 0;
  double threshold = 0;
  std::uint64_t counted_failures = 0;  // m: of the budget, since start or rearm
  std::size_t layers = 0;
  std::uint64_t window_outcomes = 0;  // plain window only
  std::uint64_t window_failures = 0;
  double window_held = 0;  // PlainWindow::held

  OutcomeEpoch::Sums epoch;  // of the open epoch

  bool sticky = false;
  double expected_keys = 0;            // K
  bool expected_keys_settled = true;   // false: too little of the route was seen yet
  std::uint32_t failures_per_key = 0;  // k: so many of a key's failures count in ten minutes
  std::size_t failing_keys = 0;        // in the last ten minutes
  std::size_t failing_clients = 0;     // among the last 20 failures without a key
  std::size_t active_clients = 0;      // in the last ten minutes; 3 stands for 3 or more

  // What the test that judges holds against the new side: it acts at 1.
  double held() const {
    if (test == Test::plain_window) return window_held;
    return threshold > 0 ? wealth / threshold : 0;
  }
};

// The numbers behind a verdict, for the log, the API and the audit.
struct Trip {
  std::string route;
  Verdict verdict = Verdict::none;
  std::string_view cause;        // "absolute", "plain_window"
  bool would_roll_back = false;  // mode observe: nothing was changed
  SteadyTime at{};
  std::chrono::nanoseconds epoch_age{0};
  Evidence evidence;               // at the moment of the verdict
  std::vector<KeptFailure> first;  // of the stage, up to 20
  std::vector<KeptFailure> last;   // up to 20, oldest first
};

// Is told about verdicts on the thread that saw the failure, outside the lane's lock. Must be
// quick and must not call back into the lane.
class TripSink {
 public:
  virtual ~TripSink() = default;
  virtual void tripped(const Trip& trip) = 0;
};

}  // namespace ficus::proxy
