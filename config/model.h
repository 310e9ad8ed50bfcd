#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/weight.h"

// What the operator wrote, as plain values. Defaults live only here, as member initialisers.
// Built by the loader, immutable afterwards, readable from any thread.
namespace ficus::config {

using std::chrono::milliseconds;

// A place in a configuration file. Lines and columns count from 1; 0 means "not from a file".
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

struct ListenerTimeouts {
  milliseconds tls_handshake{10'000};
  milliseconds request_head{10'000};
  milliseconds request_body_idle{30'000};
  milliseconds keep_alive{75'000};
  milliseconds write_idle{30'000};
  std::optional<milliseconds> request;  // of a whole exchange; none: off
};

// PEM files. The certificate's file holds the chain, the leaf first.
struct TlsIdentity {
  std::string certificate;
  std::string private_key;
  std::optional<std::string> ocsp_response;  // DER file that is stapled
  Location at;
};

enum class TlsVersion { tls_1_2, tls_1_3 };

struct ListenerTls {
  std::vector<TlsIdentity> certificates;  // chosen by SNI; the first one if no name fits
  TlsVersion min_version = TlsVersion::tls_1_2;
};

enum class ProxyProtocol { off, v1, v2 };

// What a listener's requests tell backends about the client and the way here.
struct Forwarding {
  // automatic: what a trusted peer says is kept and added to, what another says is replaced.
  // Without trusted_proxies everybody's word is kept and added to.
  enum class XForwarded { automatic, replace, off };
  // automatic: an element is added to what a trusted peer sent; what another sent is removed.
  // Without trusted_proxies the field passes as it is.
  enum class Forwarded { automatic, add, off };

  XForwarded x_forwarded = XForwarded::automatic;
  Forwarded forwarded = Forwarded::automatic;
};

struct Listener {
  std::string host;  // literal IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;
  ListenerTimeouts timeouts;
  std::optional<ListenerTls> tls;
  std::vector<std::string> trusted_proxies;  // CIDR: whose word about the client is believed
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  Forwarding forwarding;
  Location at;

  // "127.0.0.1:8080", "[::1]:8080"
  std::string address() const;
};

struct Admin {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9901;
  Location at;

  std::string address() const;
};

// Where metrics and probes are read, and nothing can be changed.
struct Metrics {
  std::string host;
  std::uint16_t port = 0;
  Location at;

  std::string address() const;
};

// One line a request.
struct AccessLog {
  std::string path;             // a file, or /dev/stdout
  std::string format = "json";  // or a text with {named} fields
  double sample_percent = 100;  // of the requests that went well; the others are always kept
  Location at;                  // of the path
};

struct Limits {
  std::optional<std::uint32_t> max_connections;             // none: half the descriptors
  std::optional<std::uint32_t> max_connections_per_client;  // none: off
  std::uint64_t max_header_bytes = 32 * 1024;               // of one head
  std::uint32_t max_headers = 100;
  std::uint64_t max_uri_bytes = 8 * 1024;
  std::optional<std::uint64_t> max_body_bytes;  // of a request; none: unlimited
};

struct Drain {
  milliseconds delay{2'000};
  milliseconds timeout{30'000};
};

struct HealthCheck {
  std::string path;  // empty: a TCP (and TLS) connection is enough
  milliseconds interval{2'000};
  milliseconds timeout{1'000};
  int healthy_after = 2;
  int unhealthy_after = 3;
};

struct BackendTimeouts {
  milliseconds connect{2'000};
  milliseconds first_byte{60'000};
  milliseconds idle{60'000};
  milliseconds pool_idle{30'000};
  milliseconds tunnel_idle{3'600'000};
};

enum class EndpointScheme { http, https, unix_socket };

struct EndpointUrl {
  std::string text;  // as written: "http://10.0.0.5:9001", "unix:/run/shop.sock"
  EndpointScheme scheme = EndpointScheme::http;
  std::string host;  // name or literal, without brackets; the path of a unix socket
  std::uint16_t port = 80;
  Location at;
};

// How a backend's https endpoints are spoken to.
struct BackendTls {
  std::optional<std::string> ca;           // PEM file; none: what the system trusts
  std::optional<std::string> server_name;  // SNI and name that is verified; none: the host
  bool verify = true;
  std::optional<TlsIdentity> identity;  // the client's own certificate
  Location at;
};

// Envoy's names and meaning. Ejects an endpoint that fails; never the last usable one.
struct OutlierDetection {
  int consecutive_failures = 5;
  milliseconds base_ejection_time{30'000};
  milliseconds max_ejection_time{300'000};
  double max_ejection_percent = 50;
};

struct BackendLimits {
  std::uint32_t max_connections = 1000;
  std::uint32_t max_pending = 1000;
};

// Faults of a backend's answers that are cleaned and counted instead of refused.
struct Tolerance {
  bool header_name_space = false;
  bool bare_lf = false;
  bool duplicate_equal_length = false;
};

struct Backend {
  std::string name;
  std::vector<EndpointUrl> endpoints;
  std::optional<HealthCheck> health_check;
  BackendTimeouts timeouts;
  std::optional<BackendTls> tls;
  Tolerance tolerate;
  std::optional<OutlierDetection> outlier_detection;
  BackendLimits limits;
  int preconnect = 0;  // connections that each worker opens to an endpoint before it is asked
  // What runs there, as far as it is known: one of the two, or none.
  std::optional<std::string> build;
  std::optional<std::string> build_header;  // of its answers, compared without regard to case
  Location at;
};

struct HeaderCondition {
  std::string name;   // compared without regard to case
  std::string value;  // compared exactly, or a regex (RE2) that finds a match
  bool value_is_regex = false;
};

struct Match {
  std::vector<std::string> hosts;          // lower case, without port, "*.suffix" too; empty: any
  std::optional<std::string> path;         // exact
  std::optional<std::string> path_regex;   // RE2, of the whole path
  std::optional<std::string> path_prefix;  // by segment: "/a" fits "/a" and "/a/b", not "/ab"
  std::vector<std::string> methods;        // empty: any
  std::vector<HeaderCondition> headers;    // all must hold
};

enum class Writes { unstated, none, shared, separate };

struct StickySource {
  enum class Kind { header, cookie, query, client_ip, generated };
  Kind kind = Kind::client_ip;
  std::string name;  // of the header, cookie or query parameter
};

struct Sticky {
  std::vector<StickySource> by;                 // first present wins
  std::optional<std::string> group;             // routes of one group send a key to the same side
  std::optional<milliseconds> pin_after_write;  // a client stays where it wrote
};

enum class SideName { legacy, fresh };  // "new" in the file

// First rule whose conditions hold decides the side, before the weight.
struct AssignRule {
  std::vector<std::string> methods;
  std::vector<HeaderCondition> headers;
  std::vector<std::string> from;  // CIDR of the client address; empty: any
  SideName side = SideName::legacy;
};

// Lets a trusted client choose the side of its own request.
struct Override {
  std::optional<std::string> header;
  std::optional<std::string> cookie;
  std::vector<std::string> from;      // CIDR; trusted client addresses
  std::optional<std::string> secret;  // key of the HMAC that a signed value carries
};

struct SetHeader {
  std::string name;
  std::string value;
};

// How a request is changed for one side. What names places in the answer is mapped back.
struct Rewrite {
  std::optional<std::string> path_prefix;  // in place of the prefix that matched
  std::optional<std::string> host;
  std::vector<SetHeader> set_headers;
  std::vector<std::string> remove_headers;
};

enum class FallbackCause { connect_failure, reset, timeout, overflow };

struct Fallback {
  std::vector<FallbackCause> causes;
  std::vector<int> statuses;
  std::uint64_t max_body = 64 * 1024;  // bytes
  double budget_percent = 20;          // of the route's requests of the last 10 s
};

enum class GuardMode { enforce, observe, off };

struct StatusRange {
  int first = 500;
  int last = 599;
};

struct GuardFailures {
  std::vector<StatusRange> statuses = std::vector<StatusRange>(1);  // 500–599
  std::optional<HeaderCondition> header;  // a response header that marks a failure
};

struct PlainWindow {
  milliseconds window{30'000};
  int min_requests = 20;
};

struct Guard {
  GuardMode mode = GuardMode::enforce;
  double max_error_rate = 5;  // percent on the new side
  bool slow_start = true;
  milliseconds unhealthy_grace{10'000};
  GuardFailures failures;
  std::optional<PlainWindow> judge;  // in place of the evidence test
};

struct Route {
  std::string name;
  Match match;
  std::optional<std::string> legacy;  // backend names; at least one of the two
  std::optional<std::string> fresh;   // key "new"
  Weight weight;                      // share of the new side
  Writes writes = Writes::unstated;
  std::optional<Sticky> sticky;
  std::vector<AssignRule> assign;
  std::optional<Override> override_by;  // key "override"
  std::optional<Rewrite> rewrite_legacy;
  std::optional<Rewrite> rewrite_fresh;
  std::optional<Fallback> fallback;
  Guard guard;
  Location at;
};

struct Config {
  std::string revision;
  int workers = 0;  // 0: one for each CPU that this process may use
  std::optional<std::string> state_dir;
  std::optional<std::string> user;   // who the process becomes once it has bound its sockets
  std::optional<std::string> group;  // none: the user's own
  Location user_at;
  Location group_at;
  std::vector<Listener> listeners;
  Admin admin;
  std::optional<Metrics> metrics;
  std::optional<AccessLog> access_log;
  Limits limits;
  Drain drain;
  std::vector<Backend> backends;
  std::vector<Route> routes;  // file order, includes in the order of their names
  std::string hash;           // hex digest of the effective text, for status
};

}  // namespace ficus::config
