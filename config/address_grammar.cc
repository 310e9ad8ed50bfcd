#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include "config/grammar.h"

// Addresses, hosts, endpoints and paths.
namespace ficus::config {
namespace {

// What fits into sockaddr_un, with its end.
constexpr std::size_t kLongestSocketPath = 107;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_ipv6_loopback(std::string_view text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&address);
}

// Labels of letters, digits, - and _ (seen in internal names), not all numeric at the end: that
// would be a broken IPv4 address.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  std::string_view label;
  while (true) {
    const std::size_t dot = text.find('.');
    label = text.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    const bool fits = std::all_of(label.begin(), label.end(), [](char c) {
      return is_alphanumeric(c) || c == '-' || c == '_';
    });
    if (!fits) return false;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint16_t> to_port(std::string_view text) {
  const Parsed<std::int64_t> number = parse_integer(text);
  if (!number.value || text.size() > 5 || *number.value > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number.value);
}

struct HostAndPort {
  std::string_view host;                 // with brackets if it had them
  std::optional<std::string_view> port;  // text after the colon
};

HostAndPort split_port(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return {text, std::nullopt};
  const std::size_t colon = text.find(':', bracket);
  if (colon == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// The address inside brackets, if it is one.
std::optional<std::string_view> bracketed_ipv6(std::string_view host) {
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
  const std::string_view inside = host.substr(1, host.size() - 2);
  if (!is_ipv6(inside)) return std::nullopt;
  return inside;
}

}  // namespace

Parsed<SocketAddress> parse_socket_address(std::string_view text) {
  const auto fail = [](std::string problem) { return failed<SocketAddress>(std::move(problem)); };
  if (text.starts_with("unix:")) return fail("is a Unix socket, which is not in this version");
  if (is_ipv6(text)) return fail("has no brackets or no port; write [::]:8080");
  const HostAndPort parts = split_port(text);
  if (!parts.port) {
    return fail(to_port(text) ? "is only a port; write 0.0.0.0 and the port, such as 0.0.0.0:8080"
                              : "has no port; write it as 0.0.0.0:8080 or [::]:8080");
  }
  const std::optional<std::uint16_t> port = to_port(*parts.port);
  if (!port) return fail("has no valid port; allowed: 0 to 65535");
  if (parts.host.empty() || parts.host == "*") {
    return fail(
        "names no address; for all of them write 0.0.0.0:8080 or [::]:8080, with your port");
  }
  if (const std::optional<std::string_view> inside = bracketed_ipv6(parts.host)) {
    return {SocketAddress{std::string(*inside), *port, is_ipv6_loopback(*inside)}, {}};
  }
  if (is_ipv4(parts.host)) {
    return {SocketAddress{std::string(parts.host), *port, parts.host.starts_with("127.")}, {}};
  }
  if (lower_case(parts.host) == "localhost") {
    return fail("is a name; write the address: 127.0.0.1 or [::1], with your port");
  }
  return fail("does not begin with an IP address; write 0.0.0.0:8080 or [::]:8080");
}

namespace {

// "unix:/run/shop.sock"
Parsed<EndpointUrl> parse_unix_endpoint(std::string_view text) {
  const auto fail = [](std::string problem) { return failed<EndpointUrl>(std::move(problem)); };
  const std::string_view path = text.substr(std::string_view("unix:").size());
  if (!path.starts_with('/') || path.starts_with("//")) {
    return fail("has no absolute path; write unix:/run/shop.sock");
  }
  if (path.ends_with('/')) return fail("is a folder; write the path of the socket");
  if (path.size() > kLongestSocketPath) {
    return fail("has a path of " + std::to_string(path.size()) + " bytes; a socket's has at most " +
                std::to_string(kLongestSocketPath));
  }
  const bool printable = std::all_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  if (!printable) return fail("has control characters in its path");
  EndpointUrl endpoint;
  endpoint.text = text;
  endpoint.scheme = EndpointScheme::unix_socket;
  endpoint.host = path;
  endpoint.port = 0;
  return {std::move(endpoint), {}};
}

}  // namespace

Parsed<EndpointUrl> parse_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  const auto fail = [](std::string problem) { return failed<EndpointUrl>(std::move(problem)); };
  const std::string lower = lower_case(text);
  if (lower.starts_with("https://")) return fail("uses TLS, which is not in this version");
  if (lower.starts_with("unix:")) return parse_unix_endpoint(text);
  if (!lower.starts_with(kScheme)) {
    return fail("is not a URL; write http://host:port or unix:/path");
  }
  const std::string_view authority = text.substr(kScheme.size());
  if (authority.find('@') != std::string_view::npos) {
    return fail("has a user name, which an endpoint cannot have; write http://host:port");
  }
  if (authority.find_first_of("/?#") != std::string_view::npos) {
    return fail("has something after host and port; write http://host:port");
  }
  const HostAndPort parts = split_port(authority);
  const std::optional<std::uint16_t> port =
      parts.port ? to_port(*parts.port) : std::optional<std::uint16_t>(80);
  if (!port || *port == 0) return fail("has no valid port; allowed: 1 to 65535");
  EndpointUrl endpoint;
  endpoint.text = text;
  endpoint.port = *port;
  if (const std::optional<std::string_view> inside = bracketed_ipv6(parts.host)) {
    endpoint.host = *inside;
  } else if (is_ipv4(parts.host) || is_host_name(parts.host)) {
    endpoint.host = lower_case(parts.host);
  } else {
    return fail("has no valid host; write http://host:port, an IPv6 address in brackets");
  }
  return {std::move(endpoint), {}};
}

Parsed<std::string> parse_host(std::string_view text) {
  const auto fail = [](std::string problem) { return failed<std::string>(std::move(problem)); };
  constexpr std::string_view kBelow = "*.";
  if (text == "*") return fail("fits any host; leave hosts out for that");
  if (text.starts_with(kBelow) && is_host_name(text.substr(kBelow.size()))) {
    return {lower_case(text), {}};
  }
  if (text.find('*') != std::string_view::npos) {
    return fail("has a wildcard that is not a whole first label; write *.example.com");
  }
  if (text.find("://") != std::string_view::npos) return fail("is a URL; write the host alone");
  if (bracketed_ipv6(text)) return {lower_case(text), {}};
  if (is_ipv6(text)) return fail("is an IPv6 address without brackets; write [::1]");
  if (split_port(text).port) return fail("has a port; write the host alone, it fits any port");
  if (text.ends_with('.')) return fail("ends in a dot; write the host without it");
  if (!is_ipv4(text) && !is_host_name(text)) return fail("is not a host name or address");
  return {lower_case(text), {}};
}

Parsed<std::string> parse_host_and_port(std::string_view text) {
  const auto fail = [](std::string problem) { return failed<std::string>(std::move(problem)); };
  if (text.find("://") != std::string_view::npos) return fail("is a URL; write host or host:port");
  if (is_ipv6(text)) return fail("is an IPv6 address without brackets; write [::1]");
  const HostAndPort parts = split_port(text);
  const std::optional<std::uint16_t> port = parts.port ? to_port(*parts.port) : std::nullopt;
  if (parts.port && (!port || *port == 0)) return fail("has no valid port; allowed: 1 to 65535");
  if (!bracketed_ipv6(parts.host) && !is_ipv4(parts.host) && !is_host_name(parts.host)) {
    return fail("is not a host name or address");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool ipv4 = is_ipv4(address);
  if (!ipv4 && !is_ipv6(address)) {
    return failed<std::string>("is not an address or CIDR, such as 10.0.0.0/8 or 2001:db8::/32");
  }
  if (slash == std::string_view::npos) return {std::string(text), {}};
  const std::int64_t most = ipv4 ? 32 : 128;
  const std::string_view digits = text.substr(slash + 1);
  const Parsed<std::int64_t> length = parse_integer(digits);
  if (!length.value || digits.size() > 3 || *length.value > most) {
    return failed<std::string>("has no valid prefix length; allowed: 0 to " + std::to_string(most));
  }
  std::array<unsigned char, 16> bytes{};
  ::inet_pton(ipv4 ? AF_INET : AF_INET6, std::string(address).c_str(), bytes.data());
  for (std::int64_t bit = *length.value; bit < most; ++bit) {
    const auto byte = bytes[static_cast<std::size_t>(bit / 8)];
    if ((byte >> (7 - bit % 8) & 1) != 0) {
      return failed<std::string>("has bits set after its prefix length; set them to zero");
    }
  }
  return {std::string(text), {}};
}

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

unsigned hex_value(char c) {
  if (c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

bool is_unreserved(unsigned byte) {
  const char c = static_cast<char>(byte);
  return byte < 0x80 && (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~');
}

// Paths are compared after unreserved characters were decoded (RFC 3986 section 6.2.2.2), so an
// encoded one in the file would never fit.
std::string encoding_problem(std::string_view path) {
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    if (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2])) {
      return "has a % without two hexadecimal digits; a literal % is %25";
    }
    const unsigned byte = hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]);
    if (byte == 0) return "has %00, which is refused in requests";
    if (is_unreserved(byte)) {
      return "encodes a letter, digit, - . _ or ~; write it plainly, requests are decoded first";
    }
  }
  return {};
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

Parsed<std::string> parse_path(std::string_view text) {
  const auto fail = [](std::string problem) { return failed<std::string>(std::move(problem)); };
  if (!text.starts_with('/')) return fail("does not begin with /");
  if (text.find_first_of("?#") != std::string_view::npos) {
    return fail("has a query or fragment; write the path alone");
  }
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable) return fail("has characters that a path cannot have; encode them as %XX");
  if (std::string problem = encoding_problem(text); !problem.empty()) return fail(problem);
  if (has_dot_segment(text))
    return fail("has a . or .. segment, which requests are freed of first");
  return {std::string(text), {}};
}

Parsed<std::string> parse_path_prefix(std::string_view text) {
  Parsed<std::string> path = parse_path(text);
  if (path.value && text.size() > 1 && text.ends_with('/')) {
    return failed<std::string>(
        "ends in /; leave that out: a prefix fits whole segments, /a fits /a and /a/b, not /ab");
  }
  return path;
}

Parsed<std::string> parse_check_path(std::string_view text) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!text.starts_with('/') || !printable || text.find('#') != std::string_view::npos) {
    return failed<std::string>("is not a path; it begins with / and may have a query");
  }
  return {std::string(text), {}};
}

}  // namespace ficus::config
