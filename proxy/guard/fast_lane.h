#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
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
  retreated,  // the guard took the share to 0; the next weight lifts it
  latched,    // rolled back; only rearm lifts it
};

enum class Verdict : std::uint8_t { none, rollback, retreat };

// A failed exchange that was charged to the new side. Views are copied if kept.
struct FailedExchange {
  SteadyTime assigned_at{};
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

// The numbers behind a verdict, for the log, the API and the audit.
struct Trip;

// Is told about verdicts on the thread that saw the failure, outside the lane's lock. Must be
// quick and must not call back into the lane.
class TripSink {
 public:
  virtual ~TripSink() = default;
  virtual void tripped(const Trip& trip) = 0;
};

}  // namespace ficus::proxy
