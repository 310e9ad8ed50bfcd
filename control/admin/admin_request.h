#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/change/change_pipeline.h"
#include "control/control_plane.h"
#include "control/metrics/cpu_times.h"
#include "control/view.h"

namespace ficus::control {

// What came in, parsed as far as every endpoint needs it.
struct AdminRequest {
  std::string method;
  int minor_version = 1;                     // of HTTP/1
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded
  std::string repeated_parameter;            // of the query; empty: none is
  std::string authority;                     // of a target in absolute form; else empty
  std::string host;
  std::size_t host_lines = 1;
  std::string origin;        // empty: none
  std::string content_type;  // lower case
  std::string if_match;      // empty: none
  std::string body;

  // Fills path, query and authority from a request target, in origin or absolute form (RFC 9112
  // section 3.2). False: it is not a valid one.
  bool set_target(std::string_view target);
};

struct AdminResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

using AdminReply = std::function<void(AdminResponse)>;

// What endpoints may do with the control plane. Functions, so that tests need no threads.
struct AdminContext {
  std::function<std::shared_ptr<const View>()> view;
  std::function<void(WeightChange, ChangePipeline::Answer)> submit;
  std::function<void(WeightChange, std::function<void(Result<RouteEntry>)>)> preview;
  std::function<void(const std::string& actor, const std::string& reason,
                     std::function<void(ControlPlane::Sweep)>)>
      roll_back_all;
  WorkerCellsOf cells;
  std::function<std::vector<CpuTime>()> cpu;  // by part; none: not told. Called by one thread
};

// The functions of a running control plane, which must outlive them.
AdminContext admin_context(ControlPlane& control, WorkerCellsOf cells);

}  // namespace ficus::control
