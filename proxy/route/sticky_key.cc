#include "proxy/route/sticky_key.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ficus::proxy {
namespace {

using Kind = config::StickySource::Kind;

constexpr std::size_t kMaxGeneratedBytes = 128;

std::optional<std::string_view> value_of(const config::StickySource& source,
                                         const RequestView& request) {
  switch (source.kind) {
    case Kind::header:
      return request.headers(source.name);
    case Kind::cookie:
      return cookie_value(request.headers, source.name);
    case Kind::query:
      return query_value(request.query, source.name);
    case Kind::generated: {
      const auto value = cookie_value(request.headers, kGeneratedKeyCookie);
      return value && value->size() <= kMaxGeneratedBytes ? value : std::nullopt;
    }
    case Kind::client_ip:
      break;
  }
  return std::nullopt;
}

bool same_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char left, char right) {
    return (left >= 'A' && left <= 'Z' ? left - 'A' + 'a' : left) == right;
  });
}

struct Directives {
  bool shared = false;     // a shared cache may store it
  bool forbidden = false;  // no shared cache gives it to another user
};

std::string_view directive_name(std::string_view directive) {
  const std::size_t first = directive.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  directive.remove_prefix(first);
  return directive.substr(0, directive.find_first_of(" \t="));
}

// The first comma outside quotes: private="a, b" is one directive.
std::size_t directive_end(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ',' && !quoted) return i;
  }
  return line.size();
}

// With a list of fields (private="x-user") a directive protects those only: it does not count.
void read_cache_control(std::string_view line, Directives& result) {
  while (!line.empty()) {
    const std::size_t end = directive_end(line);
    const std::string_view directive = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    const std::string_view name = directive_name(directive);
    if (same_word(name, "public") || same_word(name, "max-age") || same_word(name, "s-maxage")) {
      result.shared = true;
    }
    if (directive.find('=') != std::string_view::npos) continue;
    if (same_word(name, "private") || same_word(name, "no-store") || same_word(name, "no-cache")) {
      result.forbidden = true;
    }
  }
}

}  // namespace

std::uint64_t sticky_seed(std::string_view group_or_route) {
  return XXH3_64bits(group_or_route.data(), group_or_route.size());
}

std::uint64_t sticky_hash(std::string_view key, std::uint64_t seed) {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed) >> 1;
}

std::uint64_t sticky_hash(const SocketAddress& client, std::uint64_t seed) {
  const std::array<std::uint8_t, 16> ip = client.ip_bytes();
  return XXH3_64bits_withSeed(ip.data(), ip.size(), seed) >> 1;
}

std::optional<std::uint64_t> find_sticky_key(const config::Sticky& sticky, std::uint64_t seed,
                                             const RequestView& request,
                                             const SocketAddress& client) {
  for (const config::StickySource& source : sticky.by) {
    if (source.kind == Kind::client_ip) {
      if (!client.empty()) return sticky_hash(client, seed);
      continue;
    }
    const auto value = value_of(source, request);
    if (value && !value->empty()) return sticky_hash(*value, seed);
  }
  return std::nullopt;
}

bool generates_key(const config::Sticky& sticky) {
  return std::any_of(sticky.by.begin(), sticky.by.end(),
                     [](const auto& source) { return source.kind == Kind::generated; });
}

GeneratedKeyCookie::GeneratedKeyCookie(const RandomHex& key, CookieScope scope) {
  const auto append = [this](std::string_view text) {
    std::copy(text.begin(), text.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  };
  append(kGeneratedKeyCookie);
  append("=");
  append(key.text());
  append("; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax");
  if (scope == CookieScope::secure) append("; Secure");
}

bool may_set_cookie(const HeaderLookup& response) {
  Directives directives;
  for (std::size_t nth = 0;; ++nth) {
    const auto line = response("Cache-Control", nth);
    if (!line) break;
    read_cache_control(*line, directives);
  }
  if (directives.forbidden) return true;
  return !directives.shared && !response("Expires") && !response("CDN-Cache-Control") &&
         !response("Surrogate-Control");
}

}  // namespace ficus::proxy
