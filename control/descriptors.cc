#include "control/descriptors.h"

#include <algorithm>
#include <sched.h>
#include <sys/resource.h>

namespace ficus::control {
namespace {

// Standard streams, admin connections, logs, health checks, name look-ups, reading a file again.
constexpr std::uint64_t kOwnDescriptors = 24;
// A worker's event loop and its alarm, and a little for what it is just turning away.
constexpr std::uint64_t kWorkerDescriptors = 4;
// A worker's listening socket and its reserve.
constexpr std::uint64_t kListenerDescriptors = 2;
// Fewer connections than this are few for a proxy.
constexpr std::uint64_t kFewConnections = 256;

std::uint64_t descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_cur;
}

std::uint64_t own_descriptors(const config::Config& config) {
  return kOwnDescriptors + worker_count(config) * (kWorkerDescriptors +
                                                   kListenerDescriptors * config.listeners.size());
}

std::uint64_t half_of_rest(const config::Config& config) {
  const std::uint64_t all = descriptor_limit();
  const std::uint64_t own = own_descriptors(config);
  return all > own + 2 ? (all - own) / 2 : 1;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t worker_count(const config::Config& config) {
  if (config.workers > 0) return static_cast<std::size_t>(config.workers);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cpus)));
}

std::uint64_t max_connections(const config::Config& config) {
  if (config.limits.max_connections) return *config.limits.max_connections;
  return half_of_rest(config);
}

std::string connection_limit_text(const config::Config& config) {
  std::string text = "limits.max_connections " + std::to_string(max_connections(config));
  if (config.limits.max_connections) return text;
  return text + " (half of " + std::to_string(descriptor_limit()) + " descriptors less " +
         std::to_string(own_descriptors(config)) + " of its own)";
}

std::optional<std::string> descriptor_shortage(const config::Config& config) {
  const std::uint64_t limit = descriptor_limit();
  const std::uint64_t wanted = config.limits.max_connections.value_or(kFewConnections);
  const std::uint64_t needed = wanted * 2 + own_descriptors(config);
  if (needed <= limit) return std::nullopt;
  return "this process may open " + std::to_string(limit) + " descriptors, and " +
         std::to_string(wanted) + " connections of clients need " + std::to_string(needed) +
         " (two each and its own): raise the limit (LimitNOFILE= in the unit, ulimit -n)" +
         (config.limits.max_connections ? " or lower limits.max_connections" : "");
}

}  // namespace ficus::control
