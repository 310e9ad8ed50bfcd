#include "control/descriptors.h"

#include <algorithm>
#include <climits>
#include <sched.h>
#include <sys/resource.h>

namespace ficus::control {
namespace {

// Standard streams, event loops, the admin listener, the access log: what is open all the time.
constexpr std::uint64_t kStandingDescriptors = 14;
// What traffic never gets: for admin connections, health checks, name look-ups, log files that are
// opened again, a configuration that is read again. Less of a tiny limit.
constexpr std::uint64_t kReserve = 16;
constexpr std::uint64_t kReserveShare = 8;
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

// With metrics on a listener that other machines reach, those who hold all its places leave the
// reserve to the others.
std::uint64_t reserve(const config::Config& config, std::uint64_t limit) {
  const std::uint64_t places = config.metrics ? kMetricsConnections : 0;
  return std::min(kReserve + places, limit / kReserveShare);
}

std::uint64_t own_descriptors(const config::Config& config, std::uint64_t limit) {
  const std::uint64_t metrics_listener = config.metrics ? 1 : 0;
  return kStandingDescriptors + metrics_listener + reserve(config, limit) +
         worker_count(config) *
             (kWorkerDescriptors + kListenerDescriptors * config.listeners.size());
}

std::uint64_t half_of_rest(const config::Config& config) {
  const std::uint64_t all = descriptor_limit();
  const std::uint64_t own = own_descriptors(config, all);
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

int traffic_descriptors_end(const config::Config& config) {
  const std::uint64_t limit = descriptor_limit();
  return static_cast<int>(std::min<std::uint64_t>(limit - reserve(config, limit), INT_MAX));
}

std::string connection_limit_text(const config::Config& config) {
  std::string text = "limits.max_connections " + std::to_string(max_connections(config));
  if (config.limits.max_connections) return text;
  const std::uint64_t limit = descriptor_limit();
  return text + " (half of " + std::to_string(limit) + " descriptors less " +
         std::to_string(own_descriptors(config, limit)) + " of its own)";
}

std::optional<std::string> descriptor_shortage(const config::Config& config) {
  const std::uint64_t limit = descriptor_limit();
  const auto& asked = config.limits.max_connections;
  const std::uint64_t wanted = asked.value_or(kFewConnections);
  const std::uint64_t needed = wanted * 2 + own_descriptors(config, UINT64_MAX);
  if (needed <= limit) return std::nullopt;
  const std::string descriptors = std::to_string(limit) + " descriptors";
  const std::string raise = "(LimitNOFILE= in the unit, ulimit -n)";
  if (!asked) {
    return "no more than " + std::to_string(half_of_rest(config)) +
           " connections of clients can be served, because this process may open only " +
           descriptors + ": raise that limit " + raise + ", to " + std::to_string(needed) +
           " for " + std::to_string(wanted) + " connections";
  }
  return "this process may open " + descriptors + ", and " + std::to_string(wanted) +
         " connections of clients need " + std::to_string(needed) +
         " (two each and its own): raise the limit " + raise + " or lower limits.max_connections";
}

}  // namespace ficus::control
