#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/clock.h"
#include "control/health/ejection.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// Ejects endpoints that failed so many times in a row, and lets them return when their time is
// over. Workers count and avoid such an endpoint from the last of these failures on; here it is
// decided what becomes of it. Looks at each endpoint once a tick. Thread: the control thread.
class OutlierDetector {
 public:
  struct Event {
    std::string backend;
    std::string endpoint;
    bool ejected = false;            // else it has returned
    std::uint32_t failures = 0;      // in a row, if ejected
    std::chrono::milliseconds time;  // for so long, if ejected
  };

  explicit OutlierDetector(std::function<void(const Event&)> happened)
      : happened_(std::move(happened)) {}

  void tick(const proxy::RoutingSnapshot& snapshot, Clock::Monotonic now);

 private:
  struct Known {
    std::weak_ptr<proxy::EndpointState> endpoint;
    EjectionRecord record;
  };

  void look_at(const proxy::Backend& backend, Clock::Monotonic now);
  void admit(const proxy::Backend& backend, const proxy::Endpoint& endpoint);

  const std::function<void(const Event&)> happened_;
  // Those that were ever ejected, by backend, name, address and TLS name: a reload may make another
  // state of the same endpoint.
  std::map<std::string, Known> known_;
};

}  // namespace ficus::control
