#include "config/key_table.h"

#include <cmath>

#include "config/model.h"
#include "config/units.h"

namespace ficus::config {
namespace {

using enum KeyType;
constexpr Presence kRequired = Presence::required;
constexpr Presence kOptional = Presence::optional;

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kMiB = 1024 * 1024;
constexpr Range kShare{0, 10'000};

std::string show(milliseconds value) { return format_duration(value); }
std::string show(int value) { return std::to_string(value); }
std::string show(std::uint64_t bytes) { return format_size(bytes); }
std::string show(bool value) { return value ? "true" : "false"; }
std::string show(double percent) {
  return format_percent(static_cast<std::int64_t>(std::lround(percent * 100)));
}
std::string show(Weight weight) { return format_percent(weight.basis_points()); }
std::string show(int workers, std::string_view zero) {
  return workers == 0 ? std::string(zero) : std::to_string(workers);
}
std::string show(TlsVersion version) { return version == TlsVersion::tls_1_2 ? "1.2" : "1.3"; }
std::string show(GuardMode mode) {
  switch (mode) {
    case GuardMode::enforce:
      return "enforce";
    case GuardMode::observe:
      return "observe";
    case GuardMode::off:
      return "off";
  }
  return {};
}
std::string show(const std::vector<StatusRange>& statuses) {
  std::string out;
  for (const StatusRange& range : statuses) {
    out +=
        (out.empty() ? "[" : ", ") + std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  return out + "]";
}

constexpr std::string_view kName = "`a-z`, `0-9`, `_`, `.` and `-`, up to 63, not a sign first";
constexpr std::string_view kHeaderName = "a header name";
constexpr std::string_view kCidr = "addresses or CIDR: `10.0.0.0/8`";

constexpr Key kKeys[] = {
    {"version", integer, "Version of this format.", {}, Range{1, 1}, kRequired},
    {"revision", text, "What the operator calls this state of the file; shown in status."},
    {"workers",
     integer_or_auto,
     "Threads that carry traffic; `auto`: one for each usable CPU.",
     {},
     Range{1, 256},
     kOptional,
     [] { return show(Config{}.workers, "auto"); }},
    {"state_dir", text, "Folder for durable state; accepted and only noted in this version.",
     "an absolute path"},
    {"user", text, "Who the process becomes once its sockets are bound; it starts as root then.",
     "a user of this machine"},
    {"group", text, "Its group; the user's own without it.", "a group of this machine"},
    {"include", text_list, "More files with `backends` and `routes`, relative to this one.",
     "paths; `*`, `?` and `[…]` fit many"},
    {"listeners", map_list, "Where clients connect.", {}, {}, kRequired},
    {"listeners[].address",
     text,
     "Address and port to listen on; port 0: any free one.",
     "`0.0.0.0:8080`, `[::]:8080`",
     {},
     kRequired},
    {"listeners[].tls", map, "The listener speaks TLS; plain HTTP without it."},
    {"listeners[].tls.certificates",
     map_list,
     "Chosen by the name that a client asks for; the first if none has it.",
     {},
     {},
     kRequired},
    {"listeners[].tls.certificates[].certificate",
     text,
     "The certificate and those that vouch for it, its own first.",
     "a PEM file, relative to this one",
     {},
     kRequired},
    {"listeners[].tls.certificates[].private_key",
     text,
     "The certificate's key, without a passphrase.",
     "a PEM file, relative to this one",
     {},
     kRequired},
    {"listeners[].tls.certificates[].ocsp_response", text, "Stapled for clients that ask for it.",
     "a DER file, relative to this one"},
    {"listeners[].tls.min_version",
     word,
     "Oldest version of TLS that is spoken.",
     "1.2 | 1.3",
     {},
     kOptional,
     [] { return show(ListenerTls{}.min_version); }},
    {"listeners[].trusted_proxies", text_list,
     "Whose X-Forwarded-For, Forwarded and PROXY lines are believed.", kCidr},
    {"listeners[].proxy_protocol",
     word,
     "Each connection begins with a PROXY header of this version.",
     "off | v1 | v2",
     {},
     kOptional,
     [] { return std::string("off"); }},
    {"listeners[].forwarding", map, "What backends are told about the client and the way here."},
    {"listeners[].forwarding.x_forwarded",
     word,
     "X-Forwarded-For, -Proto and -Host: `auto` believes trusted_proxies, `replace` nobody.",
     "auto | replace | off",
     {},
     kOptional,
     [] { return std::string("auto"); }},
    {"listeners[].forwarding.forwarded",
     word,
     "Forwarded (RFC 7239): `auto` adds to what a trusted proxy sent, `add` to every request.",
     "auto | add | off",
     {},
     kOptional,
     [] { return std::string("auto"); }},
    {"listeners[].timeouts", map, "How long clients may take."},
    {"listeners[].timeouts.tls_handshake",
     duration,
     "From the connection to the end of the TLS handshake.",
     {},
     Range{100, 10 * kMinute},
     kOptional,
     [] { return show(ListenerTimeouts{}.tls_handshake); }},
    {"listeners[].timeouts.request_head",
     duration,
     "From a request's first byte to the end of its head.",
     {},
     Range{100, 10 * kMinute},
     kOptional,
     [] { return show(ListenerTimeouts{}.request_head); }},
    {"listeners[].timeouts.request_body_idle",
     duration,
     "Between two pieces of a request's body.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(ListenerTimeouts{}.request_body_idle); }},
    {"listeners[].timeouts.keep_alive",
     duration,
     "Between two requests of a connection.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(ListenerTimeouts{}.keep_alive); }},
    {"listeners[].timeouts.write_idle",
     duration,
     "Without a byte taken by a client that is sent an answer.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(ListenerTimeouts{}.write_idle); }},
    {"listeners[].timeouts.request",
     duration_or_off,
     "From a request's head to the end of its answer; tunnels are exempt.",
     {},
     Range{100, 24 * kHour},
     kOptional,
     [] { return std::string("off"); }},
    {"admin", map, "The admin API."},
    {"admin.address",
     text,
     "Where the admin API listens; loopback only.",
     "`127.0.0.1:9901`, `[::1]:9901`",
     {},
     kOptional,
     [] { return Admin{}.address(); }},
    {"access_log", map, "A line for each request. None without it."},
    {"access_log.path",
     text,
     "File it is appended to; SIGUSR1 opens it anew.",
     "an absolute path; `/dev/stdout`",
     {},
     kRequired},
    {"access_log.format",
     text,
     "`json`, or a text with named fields.",
     "`json`, `{client} {status} …`; the how-to lists the fields",
     {},
     kOptional,
     [] { return AccessLog{}.format; }},
    {"access_log.sample_percent",
     percent,
     "Share of the requests that went well that is logged; others always are.",
     {},
     kShare,
     kOptional,
     [] { return show(AccessLog{}.sample_percent); }},
    {"limits", map, "What clients may ask for; more is refused with its own status."},
    {"limits.max_connections",
     integer_or_auto,
     "Clients' connections of all listeners; `auto`: half the descriptors that the proxy does not "
     "need itself.",
     {},
     Range{1, 1'000'000},
     kOptional,
     [] { return std::string("auto"); }},
    {"limits.max_connections_per_client",
     integer_or_off,
     "Connections of one client address; trusted proxies are exempt.",
     {},
     Range{1, 1'000'000},
     kOptional,
     [] { return std::string("off"); }},
    {"limits.max_header_bytes",
     size,
     "Largest head of a request (431) or an answer (502).",
     {},
     Range{1024, 256 * 1024},
     kOptional,
     [] { return show(Limits{}.max_header_bytes); }},
    {"limits.max_headers",
     integer,
     "Most fields of a request (431) or an answer (502).",
     {},
     Range{10, 1'000},
     kOptional,
     [] { return show(static_cast<int>(Limits{}.max_headers)); }},
    {"limits.max_uri_bytes",
     size,
     "Longest target of a request (414).",
     {},
     Range{256, 128 * 1024},
     kOptional,
     [] { return show(Limits{}.max_uri_bytes); }},
    {"limits.max_body_bytes",
     size_or_unlimited,
     "Largest body of a request (413).",
     {},
     Range{0, 1024 * 1024 * kMiB},
     kOptional,
     [] { return std::string("unlimited"); }},
    {"drain", map, "What happens between SIGTERM and the end."},
    {"drain.delay",
     duration,
     "Not ready any more, yet still accepting.",
     {},
     Range{0, 5 * kMinute},
     kOptional,
     [] { return show(Drain{}.delay); }},
    {"drain.timeout",
     duration,
     "For requests in flight to end.",
     {},
     Range{0, kHour},
     kOptional,
     [] { return show(Drain{}.timeout); }},
    {"defaults", map, "Put under each route or backend, key by key."},
    {"defaults.guard", same_as, "Under each route's `guard`.", "routes[].guard"},
    {"defaults.sticky", same_as, "Under each route's `sticky`.", "routes[].sticky"},
    {"defaults.timeouts", same_as, "Under each backend's `timeouts`.", "backends.*.timeouts"},
    {"defaults.fallback", same_as, "Under each route's `fallback`.", "routes[].fallback"},
    {"backends", named_maps, "Groups of servers, by name.", kName},
    {"backends.*.endpoints",
     text_list,
     "The servers of this backend; a name stands for all its addresses.",
     "`http://host:port`, `https://host:port`, `unix:/path`",
     {},
     kRequired},
    {"backends.*.tls", map, "How its `https://` endpoints are spoken to; the defaults without it."},
    {"backends.*.tls.ca", text,
     "Whose signature a server's certificate needs; none: what the system trusts.",
     "a PEM file, relative to this one"},
    {"backends.*.tls.server_name", text,
     "The name asked for, which the certificate must have; none: the endpoint's host.",
     "a host name or address"},
    {"backends.*.tls.verify",
     boolean,
     "Is the server's certificate judged at all?",
     {},
     {},
     kOptional,
     [] { return show(BackendTls{}.verify); }},
    {"backends.*.tls.certificate", text, "The proxy's own, for servers that ask for one.",
     "a PEM file, relative to this one"},
    {"backends.*.tls.private_key", text, "The key of `certificate`, without a passphrase.",
     "a PEM file, relative to this one"},
    {"backends.*.tolerate", text_list,
     "Faults in heads of answers that are cleaned and counted, not refused.",
     "`header_name_space`, `bare_lf`, `duplicate_equal_length`"},
    {"backends.*.health_check", map, "Active check of each endpoint; none without it."},
    {"backends.*.health_check.path", text,
     "Asked by GET; 2xx and 3xx are healthy. None: a connection is enough.", "begins with `/`"},
    {"backends.*.health_check.interval",
     duration,
     "Between two checks of an endpoint.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(HealthCheck{}.interval); }},
    {"backends.*.health_check.timeout",
     duration,
     "For one check's answer.",
     {},
     Range{10, kMinute},
     kOptional,
     [] { return show(HealthCheck{}.timeout); }},
    {"backends.*.health_check.healthy_after",
     integer,
     "Good checks in a row until healthy.",
     {},
     Range{1, 100},
     kOptional,
     [] { return show(HealthCheck{}.healthy_after); }},
    {"backends.*.health_check.unhealthy_after",
     integer,
     "Bad checks in a row until unhealthy.",
     {},
     Range{1, 100},
     kOptional,
     [] { return show(HealthCheck{}.unhealthy_after); }},
    {"backends.*.outlier_detection", map,
     "Ejects an endpoint that fails, never the last usable one. Off unless given."},
    {"backends.*.outlier_detection.consecutive_failures",
     integer,
     "Failures in a row until ejected: no connection, reset, timeout, malformed answer, 5xx.",
     {},
     Range{1, 1'000},
     kOptional,
     [] { return show(OutlierDetection{}.consecutive_failures); }},
    {"backends.*.outlier_detection.base_ejection_time",
     duration,
     "Ejected for so long, times the ejections it has had lately.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(OutlierDetection{}.base_ejection_time); }},
    {"backends.*.outlier_detection.max_ejection_time",
     duration,
     "Longest ejection.",
     {},
     Range{100, 24 * kHour},
     kOptional,
     [] { return show(OutlierDetection{}.max_ejection_time); }},
    {"backends.*.outlier_detection.max_ejection_percent",
     percent,
     "Most endpoints that are ejected at a time; one may always be.",
     {},
     kShare,
     kOptional,
     [] { return show(OutlierDetection{}.max_ejection_percent); }},
    {"backends.*.timeouts", map, "How long this backend's servers may take."},
    {"backends.*.timeouts.connect",
     duration,
     "For a connection to be made.",
     {},
     Range{10, 5 * kMinute},
     kOptional,
     [] { return show(BackendTimeouts{}.connect); }},
    {"backends.*.timeouts.first_byte",
     duration,
     "From the request's end to the answer's head.",
     {},
     Range{10, 24 * kHour},
     kOptional,
     [] { return show(BackendTimeouts{}.first_byte); }},
    {"backends.*.timeouts.idle",
     duration,
     "Between two pieces of an answer's body.",
     {},
     Range{10, 24 * kHour},
     kOptional,
     [] { return show(BackendTimeouts{}.idle); }},
    {"backends.*.timeouts.pool_idle",
     duration,
     "An unused connection is kept.",
     {},
     Range{100, kHour},
     kOptional,
     [] { return show(BackendTimeouts{}.pool_idle); }},
    {"backends.*.timeouts.tunnel_idle",
     duration,
     "A WebSocket or other tunnel without a byte.",
     {},
     Range{kSecond, 168 * kHour},
     kOptional,
     [] { return show(BackendTimeouts{}.tunnel_idle); }},
    {"backends.*.limits", map, "How much this backend is given at a time, over all workers."},
    {"backends.*.limits.max_connections",
     integer,
     "Connections to all endpoints, idle ones too.",
     {},
     Range{1, 1'000'000},
     kOptional,
     [] { return std::to_string(BackendLimits{}.max_connections); }},
    {"backends.*.limits.max_pending",
     integer,
     "Requests that wait for a connection, up to `timeouts.connect`; more: 503.",
     {},
     Range{0, 1'000'000},
     kOptional,
     [] { return std::to_string(BackendLimits{}.max_pending); }},
    {"backends.*.preconnect",
     integer,
     "Connections that each worker opens to an endpoint before the first request.",
     {},
     Range{0, 64},
     kOptional,
     [] { return show(Backend{}.preconnect); }},
    {"routes", map_list, "Which requests go where."},
    {"routes[].name", text, "Name in status, metrics and commands.", kName, {}, kRequired},
    {"routes[].match", map, "Which requests; all conditions hold. None: every request."},
    {"routes[].match.hosts", text_list, "Host of the request, without port; none: any.",
     "`shop.example.com`, `*.shop.example.com`"},
    {"routes[].match.path", text, "The whole path. A match has one of the three kinds of path.",
     "begins with `/`"},
    {"routes[].match.path_regex", text, "What the whole path fits.", "a regex (RE2)"},
    {"routes[].match.path_prefix", text, "Path up to a `/`: `/a` fits `/a` and `/a/b`, not `/ab`.",
     "begins with `/`"},
    {"routes[].match.methods", text_list, "Method of the request; none: any.", "`GET`"},
    {"routes[].match.headers", header_map,
     "Headers that must have exactly this value, or fit this regex (RE2).",
     "header name: value, or `~` and a regex"},
    {"routes[].legacy", text, "Backend of the legacy side. A route has one side or both.",
     "a backend's name"},
    {"routes[].new", text, "Backend of the new side.", "a backend's name"},
    {"routes[].weight",
     percent,
     "Percent of the requests that go to the new side; for routes with both.",
     {},
     kShare,
     kOptional,
     [] { return show(Route{}.weight); }},
    {"routes[].writes", word, "Do both sides see each other's writes?", "none | shared | separate"},
    {"routes[].sticky", map_or_off, "Keeps a client on its side."},
    {"routes[].sticky.by", text_list, "What tells clients apart; the first present wins.",
     "`header:NAME`, `cookie:NAME`, `query:NAME`, `client_ip`, `generated` (last)"},
    {"routes[].sticky.group", text, "Routes of one group send a client to the same side.", kName},
    {"routes[].sticky.pin_after_write",
     duration,
     "A client stays for so long on the side that took its write. Off unless given.",
     {},
     Range{kSecond, 24 * kHour}},
    {"routes[].assign", map_list,
     "Rules that decide the side before the weight; the first that fits."},
    {"routes[].assign[].match", map, "At least one condition; all hold.", {}, {}, kRequired},
    {"routes[].assign[].match.methods", text_list, "Method of the request.", "`GET`"},
    {"routes[].assign[].match.headers", header_map,
     "Headers that must have exactly this value, or fit this regex (RE2).",
     "header name: value, or `~` and a regex"},
    {"routes[].assign[].match.from", text_list, "Client's address.", kCidr},
    {"routes[].assign[].side", word, "Where these requests go.", "legacy | new", {}, kRequired},
    {"routes[].override", map, "Lets trusted clients choose the side of a request."},
    {"routes[].override.header", text, "Request header with `new` or `legacy`.", kHeaderName},
    {"routes[].override.cookie", text, "Cookie with `new` or `legacy`.", "a cookie name"},
    {"routes[].override.from", text_list, "Who is trusted.", kCidr},
    {"routes[].override.secret", text, "Who signs with this key (HMAC) is trusted.",
     "not empty; best a `${file:…}`"},
    {"routes[].rewrite", map, "How requests are changed for a side, and its answers back."},
    {"routes[].rewrite.legacy", map, "For the legacy side."},
    {"routes[].rewrite.legacy.path_prefix", text, "In place of the prefix or path that matched.",
     "begins with `/`"},
    {"routes[].rewrite.legacy.host", text, "The Host header.", "`shop.internal`, `10.0.0.9:8080`"},
    {"routes[].rewrite.legacy.set_headers", header_map,
     "Headers that are added, in place of those of the same name.", "header name: value"},
    {"routes[].rewrite.legacy.remove_headers", text_list, "Headers that are not sent on.",
     kHeaderName},
    {"routes[].rewrite.new", same_as, "For the new side.", "routes[].rewrite.legacy"},
    {"routes[].fallback", map_or_off, "Repeats on legacy what failed on new. Off unless given."},
    {"routes[].fallback.on", text_list, "After which failures.",
     "`connect_failure`, `reset`, `timeout`, `overflow`, `500` to `599`"},
    {"routes[].fallback.max_body",
     size,
     "Largest request body that is kept to be repeated.",
     {},
     Range{0, 16 * kMiB},
     kOptional,
     [] { return show(Fallback{}.max_body); }},
    {"routes[].fallback.budget_percent",
     percent,
     "Most of the route's requests of the last 10 s that may be repeated.",
     {},
     kShare,
     kOptional,
     [] { return show(Fallback{}.budget_percent); }},
    {"routes[].guard", map_or_off, "Watches the new side and rolls back. On unless `off`."},
    {"routes[].guard.mode",
     word,
     "`observe` only records what it would have done.",
     "enforce | observe | off",
     {},
     kOptional,
     [] { return show(Guard{}.mode); }},
    {"routes[].guard.max_error_rate",
     percent,
     "Error rate of the new side that is too much.",
     {},
     Range{1, 3'000},
     kOptional,
     [] { return show(Guard{}.max_error_rate); }},
    {"routes[].guard.slow_start",
     boolean,
     "After a rise, few in flight on new until it has proved itself.",
     {},
     {},
     kOptional,
     [] { return show(Guard{}.slow_start); }},
    {"routes[].guard.unhealthy_grace",
     duration,
     "No healthy endpoint on new for this long: rollback.",
     {},
     Range{0, 10 * kMinute},
     kOptional,
     [] { return show(Guard{}.unhealthy_grace); }},
    {"routes[].guard.failures", map, "Which answers count as failures."},
    {"routes[].guard.failures.statuses",
     status_list,
     "Statuses that are failures.",
     "`404`, `500-599`, or a list; 200 to 599",
     {},
     kOptional,
     [] { return show(GuardFailures{}.statuses); }},
    {"routes[].guard.failures.header", text, "Response header that marks a failure.",
     "`\"Name: value\"`"},
    {"routes[].guard.judge", map,
     "A plain error rate over a window, in place of the evidence test."},
    {"routes[].guard.judge.window",
     duration,
     "Over which the rate is taken.",
     {},
     Range{kSecond, 10 * kMinute},
     kOptional,
     [] { return show(PlainWindow{}.window); }},
    {"routes[].guard.judge.min_requests",
     integer,
     "Fewer in the window: no verdict.",
     {},
     Range{1, 1'000'000},
     kOptional,
     [] { return show(PlainWindow{}.min_requests); }},

    {"metrics", later},
    {"migrations", later},
    {"admin.tls", later},
    {"admin.tokens", later},
    {"backends.*.build", later},
    {"backends.*.build_header", later},
    {"routes[].shadow", later},
    {"routes[].diff", later},
    {"routes[].guard.max_excess_error_rate", later},
    {"routes[].guard.slow_after", later},
    {"routes[].guard.notify", later},
};

std::string range_value(KeyType type, std::int64_t value) {
  switch (type) {
    case duration:
    case duration_or_off:
      return format_duration(milliseconds(value));
    case size:
    case size_or_unlimited:
      return format_size(static_cast<std::uint64_t>(value));
    case percent:
      return format_percent(value);
    default:
      return std::to_string(value);
  }
}

}  // namespace

std::span<const Key> key_table() { return kKeys; }

std::string type_name(KeyType type) {
  switch (type) {
    case map:
      return "map";
    case map_list:
      return "list of maps";
    case named_maps:
      return "map of maps";
    case map_or_off:
      return "map or off";
    case same_as:
      return "map";
    case text:
      return "text";
    case text_list:
      return "list of texts";
    case header_map:
      return "map of texts";
    case word:
      return "word";
    case boolean:
      return "true or false";
    case integer:
      return "number";
    case integer_or_auto:
      return "number or auto";
    case integer_or_off:
      return "number or off";
    case percent:
      return "percent";
    case duration:
      return "duration";
    case duration_or_off:
      return "duration or off";
    case size:
      return "size";
    case size_or_unlimited:
      return "size or unlimited";
    case status_list:
      return "statuses";
    case later:
      return "not in this version";
  }
  return {};
}

std::string range_text(const Key& key) {
  if (!key.range) return {};
  if (key.range->least == key.range->most) return range_value(key.type, key.range->least);
  return range_value(key.type, key.range->least) + " to " + range_value(key.type, key.range->most);
}

}  // namespace ficus::config
