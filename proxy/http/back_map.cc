#include "proxy/http/back_map.h"

#include <algorithm>
#include <optional>

namespace ficus::proxy::http {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

struct HostPort {
  std::string_view host;  // with brackets if it has them
  std::string_view port;  // empty: the scheme's own
};

HostPort split(std::string_view authority) {
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

std::string_view port_of(const HostPort& authority, std::string_view scheme) {
  if (!authority.port.empty()) return authority.port;
  return equals_ignoring_case(scheme, "https") ? "443" : "80";
}

bool same_authority(std::string_view left, std::string_view right, std::string_view scheme) {
  if (left.empty() || right.empty()) return false;
  const HostPort a = split(left);
  const HostPort b = split(right);
  return equals_ignoring_case(a.host, b.host) && port_of(a, scheme) == port_of(b, scheme);
}

// The Host that the backend got.
std::string_view sent_host(const BackMap& map) {
  return map.rewrite->host.empty() ? map.client_host : std::string_view(map.rewrite->host);
}

// A path of the backend in two pieces, the first one the client's prefix. Nothing: it lies
// elsewhere.
struct MappedPath {
  std::string_view prefix;
  std::string_view rest;
};

std::optional<MappedPath> map_path(std::string_view path, const Rewrite& rewrite) {
  if (!rewrite.path) return std::nullopt;
  const PathChange& change = *rewrite.path;
  if (change.part == PathChange::Part::whole) {
    if (path != change.inside) return std::nullopt;
    return MappedPath{change.outside, {}};
  }
  if (!lies_under(path, change.inside)) return std::nullopt;
  MappedPath mapped{change.outside, path.substr(change.inside.size())};
  if (mapped.prefix.empty() && mapped.rest.empty()) mapped.rest = "/";
  return mapped;
}

// Would browsers read "//host"? They drop tabs and line ends, and take '\' for '/' (WHATWG URL
// §4.4).
bool reads_as_host(std::string_view path) {
  if (!path.starts_with('/')) return false;
  const std::size_t second = path.find_first_not_of("\t\r\n", 1);
  return second != std::string_view::npos && (path[second] == '/' || path[second] == '\\');
}

// What stands before a path in the reference that is written.
enum class Before : std::uint8_t { authority, nothing };

// Path, query and fragment. With nothing before it a path that begins with "//" would be a host:
// "/." keeps it a path (RFC 3986 §3.3), and who resolves the reference takes that away (§5.2.4).
void append_path(Before before, std::string_view text, const BackMap& map, HeadBuffer& out) {
  const std::size_t end = std::min(text.find_first_of("?#"), text.size());
  const std::string_view path = text.substr(0, end);
  const MappedPath mapped = map_path(path, *map.rewrite).value_or(MappedPath{{}, path});
  if (before == Before::nothing &&
      reads_as_host(mapped.prefix.empty() ? mapped.rest : mapped.prefix)) {
    out.append("/.");
  }
  out.append(mapped.prefix);
  out.append(mapped.rest);
  out.append(text.substr(end));
}

struct Absolute {
  std::string_view scheme;  // empty: "//host/path"
  std::string_view authority;
  std::string_view rest;  // path, query, fragment
};

std::optional<Absolute> parse_absolute(std::string_view text) {
  Absolute result;
  if (!text.starts_with("//")) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    result.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    const bool is_http =
        equals_ignoring_case(result.scheme, "http") || equals_ignoring_case(result.scheme, "https");
    if (!is_http || !text.starts_with("//")) return std::nullopt;
  }
  text.remove_prefix(2);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  result.authority = text.substr(0, end);
  result.rest = text.substr(end);
  return result;
}

// The client named no host: the path alone leads it here.
void append_without_host(std::string_view rest, const BackMap& map, HeadBuffer& out) {
  if (rest.starts_with('/')) return append_path(Before::nothing, rest, map, out);
  append_path(Before::nothing, "/", map, out);
  out.append(rest);
}

void append_absolute(const Absolute& from, const BackMap& map, HeadBuffer& out) {
  if (map.client_host.empty()) return append_without_host(from.rest, map, out);
  const bool to_client =
      from.scheme.empty() || equals_ignoring_case(from.scheme, map.endpoint_scheme);
  const std::string_view scheme = to_client ? map.client_scheme : from.scheme;
  if (!from.scheme.empty()) {
    out.append(scheme);
    out.append(':');
  }
  out.append("//");
  // A port of one scheme is none of the other.
  const bool same_scheme = equals_ignoring_case(scheme, map.client_scheme);
  out.append(same_scheme ? map.client_host : split(map.client_host).host);
  append_path(Before::authority, from.rest, map, out);
}

void append_reference(std::string_view value, const BackMap& map, HeadBuffer& out) {
  if (value.starts_with('/') && !value.starts_with("//")) {
    return append_path(Before::nothing, value, map, out);
  }
  const auto absolute = parse_absolute(value);
  if (!absolute) return out.append(value);
  const std::string_view scheme = absolute->scheme.empty() ? map.endpoint_scheme : absolute->scheme;
  const bool ours = same_authority(absolute->authority, sent_host(map), scheme) ||
                    same_authority(absolute->authority, map.endpoint, scheme);
  if (!ours) return out.append(value);
  if (map.rewrite->host.empty() && equals_ignoring_case(absolute->authority, map.client_host)) {
    // The backend knows the client's host, so it means this scheme.
    out.append(value.substr(0, value.size() - absolute->rest.size()));
    return append_path(Before::authority, absolute->rest, map, out);
  }
  append_absolute(*absolute, map, out);
}

// "5; url=REFERENCE", as browsers read it: the reference may be in quotes.
void append_refresh(std::string_view value, const BackMap& map, HeadBuffer& out) {
  const std::size_t separator = value.find_first_of(";,");
  if (separator == std::string_view::npos) return out.append(value);
  std::size_t at = value.find_first_not_of(kBlanks, separator + 1);
  if (at == std::string_view::npos || !equals_ignoring_case(value.substr(at, 3), "url")) {
    return out.append(value);
  }
  at = value.find_first_not_of(kBlanks, at + 3);
  if (at == std::string_view::npos || value[at] != '=') return out.append(value);
  at = value.find_first_not_of(kBlanks, at + 1);
  if (at == std::string_view::npos) return out.append(value);
  std::size_t end = value.size();
  if (value[at] == '"' || value[at] == '\'') {
    end = std::min(value.find(value[at], at + 1), end);
    ++at;
  }
  out.append(value.substr(0, at));
  append_reference(value.substr(at, end - at), map, out);
  out.append(value.substr(end));
}

// RFC 6265 §5.1.3, without regard to case.
bool domain_holds(std::string_view domain, std::string_view host) {
  if (host.size() < domain.size()) return false;
  if (!equals_ignoring_case(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

// May a cookie name this host as its Domain? Not an address, nor a name of one label.
bool may_be_domain(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || host.find(':') != std::string_view::npos) return false;
  const std::string_view last = host.substr(dot + 1);
  return last.find_first_not_of("0123456789") != std::string_view::npos;
}

enum class DomainFate : std::uint8_t { stays, becomes_the_clients, goes };

DomainFate fate_of_domain(std::string_view domain, const BackMap& map) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const std::string_view client = split(map.client_host).host;
  const std::string_view sent = split(sent_host(map)).host;
  const std::string_view endpoint = split(map.endpoint).host;
  if (domain.empty() || domain_holds(domain, client)) return DomainFate::stays;
  if (equals_ignoring_case(domain, sent) || equals_ignoring_case(domain, endpoint)) {
    return may_be_domain(client) ? DomainFate::becomes_the_clients : DomainFate::goes;
  }
  // A domain above the backend's host that the client's is not in: browsers would drop the cookie.
  if (domain_holds(domain, sent) || domain_holds(domain, endpoint)) return DomainFate::goes;
  return DomainFate::stays;
}

// A cookie's path "/a/" does not hold for "/a", so a root that becomes a prefix loses its slash.
void append_cookie_path(std::string_view path, const BackMap& map, HeadBuffer& out) {
  const auto mapped = map_path(path, *map.rewrite);
  if (!mapped) return out.append(path);
  out.append(mapped->prefix);
  if (mapped->prefix.empty() || path != "/") out.append(mapped->rest);
}

void append_attribute(std::string_view attribute, const BackMap& map, HeadBuffer& out) {
  const std::size_t equals = attribute.find('=');
  const auto as_it_is = [&] {
    out.append(';');
    out.append(attribute);
  };
  if (equals == std::string_view::npos) return as_it_is();
  const std::string_view name = trimmed(attribute.substr(0, equals));
  const std::string_view value = trimmed(attribute.substr(equals + 1));
  if (value.empty()) return as_it_is();
  const auto value_at = static_cast<std::size_t>(value.data() - attribute.data());
  const auto begin = [&] {
    out.append(';');
    out.append(attribute.substr(0, value_at));
  };
  if (equals_ignoring_case(name, "path")) {
    begin();
    append_cookie_path(value, map, out);
    out.append(attribute.substr(value_at + value.size()));
  } else if (equals_ignoring_case(name, "domain")) {
    const DomainFate fate = fate_of_domain(value, map);
    if (fate == DomainFate::stays) as_it_is();
    if (fate != DomainFate::becomes_the_clients) return;
    begin();
    out.append(split(map.client_host).host);
    out.append(attribute.substr(value_at + value.size()));
  } else {
    as_it_is();
  }
}

void append_cookie(std::string_view value, const BackMap& map, HeadBuffer& out) {
  constexpr std::string_view kHostPrefix = "__Host-";
  std::size_t end = std::min(value.find(';'), value.size());
  const std::string_view name = trimmed(value.substr(0, std::min(value.find('='), end)));
  if (equals_ignoring_case(name.substr(0, kHostPrefix.size()), kHostPrefix)) {
    return out.append(value);
  }
  out.append(value.substr(0, end));
  while (end < value.size()) {
    const std::size_t begin = end + 1;
    end = std::min(value.find(';', begin), value.size());
    append_attribute(value.substr(begin, end - begin), map, out);
  }
}

}  // namespace

PlaceField place_field(HeaderId id, std::string_view name) {
  switch (id) {
    case HeaderId::location:
      return PlaceField::reference;
    case HeaderId::set_cookie:
      return PlaceField::cookie;
    case HeaderId::other:
      if (equals_ignoring_case(name, "content-location")) return PlaceField::reference;
      if (equals_ignoring_case(name, "refresh")) return PlaceField::refresh;
      return PlaceField::none;
    default:
      return PlaceField::none;
  }
}

void append_mapped(PlaceField kind, std::string_view value, const BackMap& map, HeadBuffer& out) {
  switch (kind) {
    case PlaceField::none:
      return out.append(value);
    case PlaceField::reference:
      return append_reference(value, map, out);
    case PlaceField::refresh:
      return append_refresh(value, map, out);
    case PlaceField::cookie:
      return append_cookie(value, map, out);
  }
}

}  // namespace ficus::proxy::http
