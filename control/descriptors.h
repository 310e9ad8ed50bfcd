#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "config/model.h"

// Descriptors and what they allow. Any thread.
namespace ficus::control {

// Places for connections to the metrics listener, which other machines reach. Each has its own
// among the descriptors that traffic leaves alone.
inline constexpr std::size_t kMetricsConnections = 16;

// Raises the soft limit of this process to the hard one: a shell's is far too low.
void raise_descriptor_limit();

// Threads that carry traffic.
std::size_t worker_count(const config::Config& config);

// limits.max_connections, or what `auto` stands for: half the descriptors that the proxy does not
// need itself, so that each client's connection has one to a backend.
std::uint64_t max_connections(const config::Config& config);

// The first descriptor that no connection may use, of clients or to backends: the last ones are for
// the admin API, metrics, health checks, logs and reloads. After raise_descriptor_limit().
int traffic_descriptors_end(const config::Config& config);

// "at most 509 connections of clients (half of 1024 descriptors less 6 of its own)"
std::string connection_limit_text(const config::Config& config);

// A warning with its mend if the descriptors do not suffice for limits.max_connections.
std::optional<std::string> descriptor_shortage(const config::Config& config);

}  // namespace ficus::control
