#include "config/reader.h"

#include <array>
#include <optional>
#include <string_view>

#include "config/grammar.h"
#include "config/log_format.h"
#include "config/suggestion.h"
#include "config/take.h"

namespace ficus::config {
namespace {

Parsed<std::string> parse_path_of_file(std::string_view text) {
  if (text.empty()) return failed<std::string>("is empty; give the path of a file");
  return {std::string(text), {}};
}

TlsIdentity read_identity(const Cursor& cursor) {
  TlsIdentity identity;
  identity.at = cursor.at();
  take_text(cursor["certificate"], parse_path_of_file, identity.certificate);
  take_text(cursor["private_key"], parse_path_of_file, identity.private_key);
  take_text(cursor["ocsp_response"], parse_path_of_file, identity.ocsp_response);
  return identity;
}

ListenerTls read_listener_tls(const Cursor& cursor) {
  ListenerTls tls;
  for (const Cursor& item : cursor["certificates"].items()) {
    tls.certificates.push_back(read_identity(item));
  }
  if (cursor["min_version"].text() == "1.3") tls.min_version = TlsVersion::tls_1_3;
  return tls;
}

BackendTls read_backend_tls(const Cursor& cursor) {
  BackendTls tls;
  tls.at = cursor.at();
  take_text(cursor["ca"], parse_path_of_file, tls.ca);
  take_text(cursor["server_name"], parse_server_name, tls.server_name);
  take(cursor["verify"], tls.verify);
  if (cursor["certificate"].is_present()) tls.identity = read_identity(cursor);
  return tls;
}

template <class T>
void take_optional(const Cursor& value, std::string_view none, std::optional<T>& target) {
  if (!value.is_scalar()) return;
  target.reset();
  if (value.text() != none) take(value, target.emplace());
}

Forwarding read_forwarding(const Cursor& cursor) {
  Forwarding forwarding;
  const std::string& x_forwarded = cursor["x_forwarded"].text();
  if (x_forwarded == "replace") forwarding.x_forwarded = Forwarding::XForwarded::replace;
  if (x_forwarded == "off") forwarding.x_forwarded = Forwarding::XForwarded::off;
  const std::string& forwarded = cursor["forwarded"].text();
  if (forwarded == "add") forwarding.forwarded = Forwarding::Forwarded::add;
  if (forwarded == "off") forwarding.forwarded = Forwarding::Forwarded::off;
  return forwarding;
}

Listener read_listener(const Cursor& cursor) {
  Listener listener;
  listener.at = cursor.at();
  SocketAddress address;
  take_text(cursor["address"], parse_socket_address, address);
  listener.host = address.host;
  listener.port = address.port;
  if (const Cursor tls = cursor["tls"]; tls.is_map()) listener.tls = read_listener_tls(tls);
  const Cursor timeouts = cursor["timeouts"];
  take(timeouts["tls_handshake"], listener.timeouts.tls_handshake);
  take(timeouts["request_head"], listener.timeouts.request_head);
  take(timeouts["request_body_idle"], listener.timeouts.request_body_idle);
  take(timeouts["keep_alive"], listener.timeouts.keep_alive);
  take(timeouts["write_idle"], listener.timeouts.write_idle);
  take_optional(timeouts["request"], "off", listener.timeouts.request);
  take_texts(cursor["trusted_proxies"], parse_cidr, listener.trusted_proxies);
  if (cursor["proxy_protocol"].text() == "v1") listener.proxy_protocol = ProxyProtocol::v1;
  if (cursor["proxy_protocol"].text() == "v2") listener.proxy_protocol = ProxyProtocol::v2;
  listener.forwarding = read_forwarding(cursor["forwarding"]);
  return listener;
}

Parsed<SocketAddress> parse_admin_address(std::string_view text) {
  Parsed<SocketAddress> parsed = parse_socket_address(text);
  if (parsed.value && !parsed.value->is_loopback) {
    return failed<SocketAddress>(
        "is not a loopback address; the admin API has no tokens and TLS in this version and stays "
        "on 127.0.0.1 or [::1]");
  }
  return parsed;
}

Admin read_admin(const Cursor& cursor) {
  Admin admin;
  admin.at = cursor.at();
  SocketAddress address{admin.host, admin.port, true};
  take_text(cursor["address"], parse_admin_address, address);
  admin.host = address.host;
  admin.port = address.port;
  return admin;
}

Metrics read_metrics(const Cursor& cursor) {
  Metrics metrics;
  metrics.at = cursor.at();
  SocketAddress address;
  take_text(cursor["address"], parse_socket_address, address);
  metrics.host = address.host;
  metrics.port = address.port;
  return metrics;
}

void read_timeouts(const Cursor& cursor, BackendTimeouts& timeouts) {
  take(cursor["connect"], timeouts.connect);
  take(cursor["first_byte"], timeouts.first_byte);
  take(cursor["idle"], timeouts.idle);
  take(cursor["pool_idle"], timeouts.pool_idle);
  take(cursor["tunnel_idle"], timeouts.tunnel_idle);
}

HealthCheck read_health_check(const Cursor& cursor) {
  HealthCheck check;
  take_text(cursor["path"], parse_check_path, check.path);
  take(cursor["interval"], check.interval);
  take(cursor["timeout"], check.timeout);
  take(cursor["healthy_after"], check.healthy_after);
  take(cursor["unhealthy_after"], check.unhealthy_after);
  return check;
}

Limits read_limits(const Cursor& cursor) {
  Limits limits;
  take_optional(cursor["max_connections"], "auto", limits.max_connections);
  take_optional(cursor["max_connections_per_client"], "off", limits.max_connections_per_client);
  take(cursor["max_header_bytes"], limits.max_header_bytes);
  take(cursor["max_headers"], limits.max_headers);
  take(cursor["max_uri_bytes"], limits.max_uri_bytes);
  take_optional(cursor["max_body_bytes"], "unlimited", limits.max_body_bytes);
  return limits;
}

void read_tolerance(const Cursor& list, Tolerance& tolerance) {
  constexpr std::array<std::string_view, 3> kRules{"header_name_space", "bare_lf",
                                                   "duplicate_equal_length"};
  for (const Cursor& item : list.items()) {
    if (!item.is_scalar()) continue;
    if (item.text() == kRules[0]) {
      tolerance.header_name_space = true;
    } else if (item.text() == kRules[1]) {
      tolerance.bare_lf = true;
    } else if (item.text() == kRules[2]) {
      tolerance.duplicate_equal_length = true;
    } else {
      const std::string guess =
          item.is_substituted() ? "" : did_you_mean(item.text(), {kRules.begin(), kRules.end()});
      item.error(item.shown() +
                 " cannot be tolerated; allowed: header_name_space, bare_lf, "
                 "duplicate_equal_length" +
                 guess);
    }
  }
}

OutlierDetection read_outlier_detection(const Cursor& cursor) {
  OutlierDetection detection;
  take(cursor["consecutive_failures"], detection.consecutive_failures);
  take(cursor["base_ejection_time"], detection.base_ejection_time);
  take(cursor["max_ejection_time"], detection.max_ejection_time);
  take_percent(cursor["max_ejection_percent"], detection.max_ejection_percent);
  const Cursor most = cursor["max_ejection_time"];
  const bool base_is_known = !cursor["base_ejection_time"].is_refused();
  if (most.is_present() && base_is_known &&
      detection.max_ejection_time < detection.base_ejection_time) {
    most.error(most.shown() + " is less than `base_ejection_time` (" +
               format_duration(detection.base_ejection_time) + ")");
  }
  return detection;
}

void read_limits(const Cursor& cursor, BackendLimits& limits) {
  take(cursor["max_connections"], limits.max_connections);
  take(cursor["max_pending"], limits.max_pending);
}

Parsed<std::string> parse_absolute_path(std::string_view text) {
  if (!text.starts_with('/')) return failed<std::string>("is not an absolute path");
  return {std::string(text), {}};
}

Parsed<std::string> parse_account(std::string_view text) {
  if (text.empty() || text.find_first_of(" :/\n") != std::string_view::npos) {
    return failed<std::string>("is not the name of a user or group");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_log_format_text(std::string_view text) {
  if (text == kJsonLogFormat) return {std::string(text), {}};
  const auto parts = parse_log_format(text);
  if (!parts.value) return failed<std::string>(parts.problem);
  return {std::string(text), {}};
}

AccessLog read_access_log(const Cursor& cursor) {
  AccessLog log;
  log.at = cursor["path"].is_present() ? cursor["path"].at() : cursor.at();
  take_text(cursor["path"], parse_absolute_path, log.path);
  take_text(cursor["format"], parse_log_format_text, log.format);
  take_percent(cursor["sample_percent"], log.sample_percent);
  return log;
}

void read_globals(const Cursor& root, Config& config) {
  if (root["revision"].is_scalar()) config.revision = root["revision"].text();
  take(root["workers"], config.workers);  // auto leaves the default
  take_text(root["state_dir"], parse_absolute_path, config.state_dir);
  take_text(root["user"], parse_account, config.user);
  take_text(root["group"], parse_account, config.group);
  config.user_at = root["user"].at();
  config.group_at = root["group"].at();
  if (config.group && !root["user"].is_present())
    root["group"].error("is only for a `user`; write both");
  config.admin = read_admin(root["admin"]);
  if (const Cursor metrics = root["metrics"]; metrics.is_map()) {
    config.metrics = read_metrics(metrics);
  }
  if (const Cursor log = root["access_log"]; log.is_map()) {
    config.access_log = read_access_log(log);
  }
  config.limits = read_limits(root["limits"]);
  take(root["drain"]["delay"], config.drain.delay);
  take(root["drain"]["timeout"], config.drain.timeout);
}

}  // namespace

Backend read_backend(const Cursor& cursor, const Cursor& defaults) {
  Backend backend;
  backend.name = cursor.key();
  backend.at = cursor.key_at();
  if (const auto name = parse_name(cursor.key()); !name.value) {
    cursor.error_at_key(backquoted(cursor.key()) + " " + name.problem);
  }
  for (const Cursor& item : cursor["endpoints"].items()) {
    EndpointUrl endpoint;
    take_text(item, parse_endpoint, endpoint);
    endpoint.at = item.at();
    backend.endpoints.push_back(std::move(endpoint));
  }
  if (const Cursor tls = cursor["tls"]; tls.is_map()) backend.tls = read_backend_tls(tls);
  if (const Cursor check = cursor["health_check"]; check.is_map()) {
    backend.health_check = read_health_check(check);
  }
  read_tolerance(cursor["tolerate"], backend.tolerate);
  if (const Cursor detection = cursor["outlier_detection"]; detection.is_map()) {
    backend.outlier_detection = read_outlier_detection(detection);
  }
  read_limits(cursor["limits"], backend.limits);
  take(cursor["preconnect"], backend.preconnect);
  take_text(cursor["build"], parse_build, backend.build);
  take_text(cursor["build_header"], parse_header_name, backend.build_header);
  read_timeouts(defaults["timeouts"], backend.timeouts);
  read_timeouts(cursor["timeouts"], backend.timeouts);
  return backend;
}

Draft read_config(const std::vector<Document>& documents, Findings& findings) {
  Draft draft;
  draft.root = Cursor(documents.front(), findings);
  read_globals(draft.root, draft.config);
  for (const Cursor& item : draft.root["listeners"].items()) {
    draft.config.listeners.push_back(read_listener(item));
    draft.listeners.push_back(item);
  }
  const Cursor defaults = draft.root["defaults"];
  for (const Document& document : documents) {
    const Cursor root(document, findings);
    for (const Cursor& entry : root["backends"].entries()) {
      draft.config.backends.push_back(read_backend(entry, defaults));
      draft.backends.push_back(entry);
    }
    for (const Cursor& item : root["routes"].items()) {
      draft.config.routes.push_back(read_route(item, defaults));
      draft.routes.push_back(item);
    }
  }
  return draft;
}

}  // namespace ficus::config
