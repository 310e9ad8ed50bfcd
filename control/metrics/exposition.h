#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "control/metrics/cpu_times.h"
#include "control/view.h"
#include "proxy/counters.h"

namespace ficus::control {

// The cells of one worker; any thread.
using WorkerCellsOf = std::function<const proxy::WorkerCells&(std::size_t worker)>;

// The metrics, summed when they are asked for. Labels are configured names only.
// Thread: any; reads cells that only workers write.
class Exposition final : public prometheus::Collectable {
 public:
  explicit Exposition(std::shared_ptr<const View> view, std::vector<CpuTime> cpu = {})
      : view_(std::move(view)), cpu_(std::move(cpu)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

  // The Prometheus text format, version 0.0.4.
  std::string text() const;

 private:
  const std::shared_ptr<const View> view_;
  const std::vector<CpuTime> cpu_;
};

}  // namespace ficus::control
