#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "config/model.h"
#include "proxy/snapshot.h"

namespace ficus::control {

// Asks each endpoint of a backend with a health_check for its path, at its interval with jitter.
// 2xx and 3xx pass; without a path, a connection is enough. https endpoints are spoken to as
// traffic does, certificates included; there a connection is enough once hands are shaken.
// Endpoints without a check are none of its business: they are always healthy. Thread: the control
// thread, on whose executor the checks run.
class HealthChecker {
 public:
  struct Target {
    std::string backend;
    std::shared_ptr<proxy::EndpointState> endpoint;
    std::string label;
    config::HealthCheck check;
    std::shared_ptr<const proxy::TlsClient> tls{};  // how an endpoint with a tls_name is spoken to
  };

  struct Change {
    std::string backend;
    std::string endpoint;
    bool healthy = true;
    std::string why;  // "answered 503", "connection refused", "no answer in 1000 ms"
  };

  // A check that could not be made, for want of something of this machine's own ("too many open
  // files"), is told to `unable` and says nothing about the endpoint.
  HealthChecker(boost::asio::any_io_executor executor, std::function<void(const Change&)> changed,
                std::function<void(const std::string&)> unable);
  ~HealthChecker();

  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // Checks exactly these from now on. What is checked already, in the same way, goes on; where
  // other terms of TLS make another endpoint of it (see RouteRegistry) it is asked at once, and
  // keeps its verdict and count. What is checked in another way keeps its verdict until the first
  // result. Whether any endpoint that was unhealthy is not checked any more, and so is healthy.
  bool watch(const std::vector<Target>& targets);

  bool healthy(const std::string& backend, const proxy::EndpointState& endpoint) const;

  // Ends all checks; nothing is called back afterwards.
  void stop();

 private:
  class Probe;

  boost::asio::any_io_executor executor_;
  std::function<void(const Change&)> changed_;
  std::function<void(const std::string&)> unable_;
  std::map<std::string, std::shared_ptr<Probe>> probes_;  // by backend and endpoint
};

}  // namespace ficus::control
