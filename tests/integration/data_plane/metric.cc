#include "tests/integration/data_plane/metric.h"

#include "tests/support/deadline.h"

namespace ficus::tests {

double metric(const FicusProcess& ficus, const std::string& sample) {
  const std::string text = "\n" + ficus.admin_get("/metrics").body;
  const std::size_t at = text.find("\n" + sample + " ");
  if (at == std::string::npos) return -1;
  return std::stod(text.substr(at + 1 + sample.size()));
}

void wait_for_metric(const FicusProcess& ficus, const std::string& sample, double value) {
  if (eventually([&] { return metric(ficus, sample) == value; })) return;
  throw HarnessError(sample + " is " + std::to_string(metric(ficus, sample)) + ", not " +
                     std::to_string(value));
}

}  // namespace ficus::tests
