#include "control/metrics/exposition.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include <prometheus/text_serializer.h>

#include "build_info.h"

namespace ficus::control {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;
using proxy::Cell;
using proxy::index;
using proxy::RouteState;
using proxy::Side;

constexpr std::array<Side, proxy::kSides> kBothSides{Side::legacy, Side::fresh};

// One metric with its samples. Samples of 0 of a counter are left out where a label has many
// values that never occur.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) {
    family_.name = "ficus_" + std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  void add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
  }
  void add(Labels labels, std::uint64_t value) {
    add(std::move(labels), static_cast<double>(value));
  }
  void add_unless_zero(Labels labels, std::uint64_t value) {
    if (value != 0) add(std::move(labels), value);
  }
  void add_histogram(Labels labels, ClientMetric::Histogram histogram) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram = std::move(histogram);
    family_.metric.push_back(std::move(metric));
  }

  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

// Sums one cell over the workers of a route.
template <typename Pick>
std::uint64_t sum(const RouteState& route, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& worker : route.per_worker) total += pick(worker.cells).value();
  return total;
}

template <typename Pick>
std::uint64_t sum(const proxy::EndpointState& endpoint, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& cells : endpoint.cells) total += pick(cells).value();
  return total;
}

template <typename Pick>
std::uint64_t sum(const proxy::ListenerState& listener, Pick pick) {
  std::uint64_t total = 0;
  for (const auto& cells : listener.cells) total += pick(cells).value();
  return total;
}

std::string code_text(std::size_t cell) {
  if (cell < proxy::StatusCells::kCodes.size()) {
    return std::to_string(proxy::StatusCells::kCodes[cell]);
  }
  return std::to_string(cell - proxy::StatusCells::kCodes.size() + 1) + "xx";
}

Labels route_labels(const RouteState& route) { return {{"route", route.name}}; }
Labels side_labels(const RouteState& route, Side side) {
  return {{"route", route.name}, {"side", std::string(proxy::text(side))}};
}
Labels with(Labels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

using Families = std::vector<MetricFamily>;

void add_requests(const View& view, Families& out) {
  Family requests("requests_total", "Requests by the side and status of the answer.",
                  MetricType::Counter);
  for (const proxy::Route& route : view.snapshot->routes) {
    for (const Side side : kBothSides) {
      for (std::size_t cell = 0; cell < proxy::StatusCells::kCells; ++cell) {
        std::uint64_t total = 0;
        for (const auto& worker : route.state->per_worker) {
          total += worker.cells.sides[index(side)].requests.value(cell);
        }
        requests.add_unless_zero(with(side_labels(*route.state, side), "code", code_text(cell)),
                                 total);
      }
    }
  }
  out.push_back(requests.take());
}

// Every fourth bound: a bucket for each doubling.
ClientMetric::Histogram histogram_of(const RouteState& route, Side side) {
  constexpr std::size_t kSub = std::size_t{1} << proxy::LatencyHistogram::kSubBits;
  ClientMetric::Histogram result;
  for (std::size_t bucket = 0; bucket < proxy::LatencyHistogram::kBuckets; ++bucket) {
    for (const auto& worker : route.per_worker) {
      result.sample_count += worker.cells.sides[index(side)].duration.count(bucket);
    }
    const std::uint64_t bound = proxy::LatencyHistogram::upper_bound(bucket);
    if (bound != 0 && bucket % kSub != 0) continue;
    const double seconds =
        bound == 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(bound) / 1e6;
    result.bucket.push_back({result.sample_count, seconds});
  }
  for (const auto& worker : route.per_worker) {
    result.sample_sum +=
        static_cast<double>(worker.cells.sides[index(side)].duration.sum_micros()) / 1e6;
  }
  return result;
}

void add_durations(const View& view, Families& out) {
  Family durations("request_duration_seconds", "From the request's head to the answer's end.",
                   MetricType::Histogram);
  for (const proxy::Route& route : view.snapshot->routes) {
    for (const Side side : kBothSides) {
      if (route.backend(side) == nullptr) continue;
      durations.add_histogram(side_labels(*route.state, side), histogram_of(*route.state, side));
    }
  }
  out.push_back(durations.take());
}

void add_errors(const View& view, Families& out) {
  Family side_errors("side_errors_total", "What a side did wrong, saved by a fallback or not.",
                     MetricType::Counter);
  Family client_errors("client_errors_total", "Errors that users saw.", MetricType::Counter);
  for (const proxy::Route& route : view.snapshot->routes) {
    for (std::size_t kind = 0; kind < proxy::kErrorKinds; ++kind) {
      const std::string name(proxy::text(static_cast<proxy::ErrorKind>(kind)));
      for (const Side side : kBothSides) {
        side_errors.add_unless_zero(
            with(side_labels(*route.state, side), "kind", name),
            sum(*route.state, [&](const proxy::RouteCells& cells) -> const Cell& {
              return cells.sides[index(side)].errors[kind];
            }));
      }
      client_errors.add_unless_zero(
          with(route_labels(*route.state), "kind", name),
          sum(*route.state, [&](const proxy::RouteCells& cells) -> const Cell& {
            return cells.client_errors[kind];
          }));
    }
  }
  out.push_back(side_errors.take());
  out.push_back(client_errors.take());
}

void add_bytes(const View& view, Families& out) {
  Family bytes("bytes_total", "Bytes of bodies and tunnels to and from a side.",
               MetricType::Counter);
  for (const proxy::Route& route : view.snapshot->routes) {
    for (const Side side : kBothSides) {
      if (route.backend(side) == nullptr) continue;
      const Labels labels = side_labels(*route.state, side);
      bytes.add(with(labels, "direction", "to_side"),
                sum(*route.state, [&](const proxy::RouteCells& cells) -> const Cell& {
                  return cells.sides[index(side)].bytes_to_side;
                }));
      bytes.add(with(labels, "direction", "from_side"),
                sum(*route.state, [&](const proxy::RouteCells& cells) -> const Cell& {
                  return cells.sides[index(side)].bytes_from_side;
                }));
    }
  }
  out.push_back(bytes.take());
}

void add_weights(const View& view, Families& out) {
  Family weights("route_weight_ratio", "The new side's share: by the file, the override, in force.",
                 MetricType::Gauge);
  Family latched("route_latched", "1: rolled back, until it is rearmed.", MetricType::Gauge);
  Family drift("route_drift", "1: the share at run time is not the file's.", MetricType::Gauge);
  for (const std::shared_ptr<const RouteView>& shown : view.routes) {
    const RouteView& route = *shown;
    const Labels labels{{"route", route.entry.name}};
    weights.add(with(labels, "origin", "file"), route.entry.file.ratio());
    if (route.entry.override_) {
      weights.add(with(labels, "origin", "override"), route.entry.override_->weight.ratio());
    }
    weights.add(with(labels, "origin", "effective"), route.entry.effective().ratio());
    latched.add(labels, route.entry.latch ? 1.0 : 0.0);
    drift.add(labels, route.entry.effective() != route.entry.file ? 1.0 : 0.0);
  }
  out.push_back(weights.take());
  out.push_back(latched.take());
  out.push_back(drift.take());
}

// Of each route with two sides every cause from the start: an alert on an increase sees the first.
void add_decisions(const View& view, RollbackCounts counts,
                   std::initializer_list<const char*> causes, Family& out) {
  for (const std::shared_ptr<const RouteView>& route : view.routes) {
    if (!route->entry.has_legacy || !route->entry.has_new) continue;
    for (const char* cause : causes) counts.try_emplace({route->entry.name, cause}, 0);
  }
  for (const auto& [key, count] : counts) {
    out.add({{"route", key.first}, {"cause", key.second}}, count);
  }
}

void add_guard(const View& view, Families& out) {
  Family evidence("guard_evidence", "What a test holds against the new side, 1: it acts.",
                  MetricType::Gauge);
  Family armed("guard_armed", "1: the guard acts on failures of the new side.", MetricType::Gauge);
  Family rollbacks("rollbacks_total", "Rollbacks by cause.", MetricType::Counter);
  Family would("would_roll_back_total", "Rollbacks that a guard in mode observe left undone.",
               MetricType::Counter);
  for (const std::shared_ptr<const RouteView>& shown : view.routes) {
    const RouteView& route = *shown;
    const Labels labels{{"route", route.entry.name}};
    const proxy::Evidence& now = route.evidence;
    evidence.add(with(labels, "test", std::string(proxy::text(now.test))), now.held());
    armed.add(labels, now.armed ? 1.0 : 0.0);
  }
  add_decisions(view, view.rollbacks, {"absolute", "plain_window", "unhealthy", "operator"},
                rollbacks);
  add_decisions(view, view.would_roll_backs, {"absolute", "plain_window", "unhealthy"}, would);
  out.push_back(evidence.take());
  out.push_back(armed.take());
  out.push_back(rollbacks.take());
  out.push_back(would.take());
}

void add_fallbacks(const View& view, Families& out) {
  constexpr std::array<const char*, proxy::kFallbackOutcomes> kOutcomes{"served", "failed",
                                                                        "over_budget"};
  Family fallbacks("fallbacks_total", "Requests tried again on legacy.", MetricType::Counter);
  Family last("legacy_last_request_timestamp_seconds", "When legacy was last asked.",
              MetricType::Gauge);
  for (const proxy::Route& route : view.snapshot->routes) {
    for (std::size_t outcome = 0; route.fallback && outcome < kOutcomes.size(); ++outcome) {
      fallbacks.add(with(route_labels(*route.state), "outcome", kOutcomes[outcome]),
                    sum(*route.state, [&](const proxy::RouteCells& cells) -> const Cell& {
                      return cells.fallbacks[outcome];
                    }));
    }
    std::uint64_t latest = 0;
    for (const auto& worker : route.state->per_worker) {
      latest = std::max(latest, worker.cells.legacy_last_request_seconds.value());
    }
    if (latest != 0) last.add(route_labels(*route.state), latest);
  }
  out.push_back(fallbacks.take());
  out.push_back(last.take());
}

void add_backends(const View& view, Families& out) {
  constexpr std::array<const char*, proxy::kRetryReasons> kReasons{"connect_failure",
                                                                   "stale_connection", "reset"};
  Family retries("retries_total", "Requests sent again to the same side.", MetricType::Counter);
  Family connections("upstream_connections", "Connections to an endpoint.", MetricType::Gauge);
  Family healthy("endpoint_healthy", "1: healthy, or not checked.", MetricType::Gauge);
  Family ejected("endpoint_ejected", "1: ejected by outlier detection.", MetricType::Gauge);
  Family ejections("ejections_total", "Times that an endpoint was ejected.", MetricType::Counter);
  Family malformed("malformed_responses_total",
                   "Answers that broke a rule of HTTP, refused or tolerated.", MetricType::Counter);
  for (const auto& backend : view.snapshot->backends) {
    std::array<std::uint64_t, proxy::kRetryReasons> retried{};
    std::array<std::uint64_t, proxy::http::kMalformedRules> broken{};
    for (const proxy::Endpoint& endpoint : backend->endpoints) {
      using Cells = proxy::EndpointCells;
      const auto total = [&](const Cell Cells::*cell) {
        return sum(*endpoint.state, [&](const Cells& cells) -> const Cell& { return cells.*cell; });
      };
      const Labels labels{{"backend", backend->name}, {"endpoint", endpoint.label}};
      connections.add(with(labels, "state", "active"), total(&Cells::connections_active));
      connections.add(with(labels, "state", "idle"), total(&Cells::connections_idle));
      healthy.add(labels, endpoint.healthy ? 1.0 : 0.0);
      for (std::size_t rule = 0; rule < broken.size(); ++rule) {
        broken[rule] += sum(*endpoint.state, [&](const Cells& cells) -> const Cell& {
          return cells.malformed_responses[rule];
        });
      }
      if (backend->outlier_detection) {
        ejected.add(labels, endpoint.state->standing.ejected() ? 1.0 : 0.0);
        ejections.add(labels, endpoint.state->standing.ejections());
      }
      for (std::size_t reason = 0; reason < retried.size(); ++reason) {
        retried[reason] += sum(*endpoint.state, [&](const Cells& cells) -> const Cell& {
          return cells.retries[reason];
        });
      }
    }
    for (std::size_t reason = 0; reason < retried.size(); ++reason) {
      retries.add({{"backend", backend->name}, {"reason", kReasons[reason]}}, retried[reason]);
    }
    for (std::size_t rule = 0; rule < broken.size(); ++rule) {
      const std::string name(text(static_cast<proxy::http::MalformedRule>(rule)));
      malformed.add_unless_zero({{"backend", backend->name}, {"rule", name}}, broken[rule]);
    }
  }
  out.push_back(retries.take());
  out.push_back(connections.take());
  out.push_back(healthy.take());
  out.push_back(ejected.take());
  out.push_back(ejections.take());
  out.push_back(malformed.take());
}

void add_tls(const View& view, Families& out) {
  constexpr std::array<const char*, proxy::kHandshakeFailures> kReasons{
      "timeout", "closed", "plain_http", "no_agreement", "refused", "malformed"};
  Family failures("tls_handshake_failures_total", "Handshakes of clients that failed.",
                  MetricType::Counter);
  for (const proxy::ListenerSettings& listener : view.snapshot->listeners) {
    if (listener.tls == nullptr) continue;
    for (std::size_t reason = 0; reason < kReasons.size(); ++reason) {
      failures.add({{"listener", listener.address}, {"reason", kReasons[reason]}},
                   sum(*listener.state, [&](const proxy::ListenerCells& cells) -> const Cell& {
                     return cells.handshake_failures[reason];
                   }));
    }
  }
  Family ends("tls_certificate_not_after_seconds",
              "When a certificate ends, as a Unix time; of several with one name the earliest.",
              MetricType::Gauge);
  std::map<std::string, double> earliest;
  for (const CertificateFacts& facts : view.resolved->tls.certificates) {
    const auto end = static_cast<double>(std::chrono::system_clock::to_time_t(facts.not_after));
    const auto [found, is_new] = earliest.emplace(facts.name(), end);
    if (!is_new) found->second = std::min(found->second, end);
  }
  for (const auto& [name, end] : earliest) ends.add({{"name", name}}, end);
  out.push_back(failures.take());
  out.push_back(ends.take());
}

void add_limits(const View& view, Families& out) {
  Family pending("pending_requests", "Requests that wait for a connection.", MetricType::Gauge);
  Family overflows("overflows_total", "Requests refused because of a backend's limits.",
                   MetricType::Counter);
  for (const auto& backend : view.snapshot->backends) {
    const Labels labels{{"backend", backend->name}};
    std::uint64_t refused = 0;
    for (const auto& worker : backend->state->per_worker) refused += worker.overflows.value();
    pending.add(labels, static_cast<double>(backend->state->waiting()));
    overflows.add(labels, refused);
  }
  out.push_back(pending.take());
  out.push_back(overflows.take());
}

void add_names(const View& view, Families& out) {
  Family resolved("name_resolved", "1: the last look-up of an endpoint's name succeeded.",
                  MetricType::Gauge);
  Family failures("name_failures_total", "Look-ups of an endpoint's name that failed.",
                  MetricType::Counter);
  std::map<std::string, const NameView*> names;  // one name may have several ports
  for (const NameView& name : view.names) {
    const NameView*& shown = names[name.host];
    if (shown == nullptr || !name.fault.empty()) shown = &name;
  }
  for (const auto& [host, name] : names) {
    resolved.add({{"name", host}}, name->fault.empty() ? 1.0 : 0.0);
    failures.add({{"name", host}}, name->failures);
  }
  out.push_back(resolved.take());
  out.push_back(failures.take());
}

void add_listeners(const View& view, Families& out) {
  using Cells = proxy::ListenerCells;
  Family connections("downstream_connections", "Connections of clients.", MetricType::Gauge);
  Family shed("shed_total", "Connections turned away because of a limit.", MetricType::Counter);
  Family preambles("proxy_headers_refused_total",
                   "Connections closed for the PROXY header they began with.", MetricType::Counter);
  Family refused("refused_requests_total", "Requests answered before they reached a route.",
                 MetricType::Counter);
  Family used("limit_used_ratio", "Share of a limit that is in use.", MetricType::Gauge);
  std::uint64_t all = 0;
  for (const proxy::ListenerSettings& listener : view.snapshot->listeners) {
    const Labels labels{{"listener", listener.address}};
    const std::uint64_t open = sum(
        *listener.state, [](const Cells& cells) -> const Cell& { return cells.connections_open; });
    all += open;
    connections.add(with(labels, "state", "open"), open);
    for (std::size_t reason = 0; reason < proxy::kShedReasons; ++reason) {
      shed.add(with(labels, "reason", std::string(text(static_cast<proxy::ShedReason>(reason)))),
               sum(*listener.state,
                   [&](const Cells& cells) -> const Cell& { return cells.shed[reason]; }));
    }
    const bool has_preambles = listener.proxy_protocol != config::ProxyProtocol::off;
    for (std::size_t fault = 0; has_preambles && fault < proxy::kBadPreambles; ++fault) {
      preambles.add(
          with(labels, "reason", std::string(text(static_cast<proxy::BadPreamble>(fault)))),
          sum(*listener.state, [&](const Cells& cells) -> const Cell& {
            return cells.proxy_headers_refused[fault];
          }));
    }
    for (std::size_t kind = 0; kind < proxy::kErrorKinds; ++kind) {
      refused.add_unless_zero(
          with(labels, "kind", std::string(text(static_cast<proxy::ErrorKind>(kind)))),
          sum(*listener.state,
              [&](const Cells& cells) -> const Cell& { return cells.requests_refused[kind]; }));
    }
  }
  used.add({{"limit", "max_connections"}},
           static_cast<double>(all) / static_cast<double>(view.snapshot->limits.max_connections));
  for (Family* family : {&connections, &shed, &preambles, &refused, &used}) {
    out.push_back(family->take());
  }
}

void add_cpu(const std::vector<CpuTime>& times, Families& out) {
  Family cpu("cpu_seconds_total", "CPU time by part of the process.", MetricType::Counter);
  for (const CpuTime& one : times) {
    cpu.add({{"part", one.part}}, std::chrono::duration<double>(one.used).count());
  }
  out.push_back(cpu.take());
}

void add_process(const View& view, Families& out) {
  Family busy("worker_busy_ratio", "Share of the last 10 s that a worker did not wait.",
              MetricType::Gauge);
  Family reload("config_last_reload_success", "1: the last configuration was taken.",
                MetricType::Gauge);
  Family dropped("access_log_dropped_total", "Lines of the access log that were not written.",
                 MetricType::Counter);
  Family build("build_info", "The running build.", MetricType::Gauge);
  for (std::size_t worker = 0; worker < view.applied.size(); ++worker) {
    busy.add({{"worker", std::to_string(worker)}},
             worker < view.busy.size() ? view.busy[worker] : 0.0);
  }
  reload.add({}, view.reload.succeeded ? 1.0 : 0.0);
  dropped.add({}, view.access_log_dropped);
  build.add({{"version", kVersion}, {"revision", kRevision}}, 1.0);
  out.push_back(busy.take());
  out.push_back(reload.take());
  out.push_back(dropped.take());
  out.push_back(build.take());
}

}  // namespace

Families Exposition::Collect() const {
  Families families;
  if (!view_ || !view_->snapshot) return families;
  add_requests(*view_, families);
  add_durations(*view_, families);
  add_errors(*view_, families);
  add_bytes(*view_, families);
  add_weights(*view_, families);
  add_guard(*view_, families);
  add_fallbacks(*view_, families);
  add_backends(*view_, families);
  add_tls(*view_, families);
  add_limits(*view_, families);
  add_names(*view_, families);
  add_listeners(*view_, families);
  add_cpu(cpu_, families);
  add_process(*view_, families);
  return families;
}

std::string Exposition::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, Collect());
  return out.str();
}

}  // namespace ficus::control
