#include "proxy/route/override.h"

#include <charconv>
#include <string_view>

#include "proxy/route/signature.h"

namespace ficus::proxy {
namespace {

// Decimal digits only, no sign, no more than Unix time can need.
std::optional<std::int64_t> parse_expiry(std::string_view text) {
  constexpr std::size_t kMaxDigits = 12;
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The cheap checks come first: a MAC costs a microsecond.
std::optional<Side> signed_side(std::string_view value, std::string_view secret,
                                std::int64_t unix_now) {
  const std::size_t first = value.find('.');
  const std::size_t second = value.rfind('.');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  const auto side = side_named(value.substr(0, first));
  const auto expiry = parse_expiry(value.substr(first + 1, second - first - 1));
  const std::string_view mac = value.substr(second + 1);
  if (!side || !expiry || *expiry <= unix_now) return std::nullopt;
  return is_signature(mac, value.substr(0, second), secret) ? side : std::nullopt;
}

}  // namespace

std::optional<Side> override_side(const CompiledOverride& terms, const RequestView& request,
                                  const SocketAddress& client, std::int64_t unix_now) {
  const auto believed = [&](std::optional<std::string_view> value) -> std::optional<Side> {
    if (!value) return std::nullopt;
    if (const auto side = side_named(*value)) {
      return terms.from.contains(client) ? side : std::nullopt;
    }
    if (terms.secret.empty()) return std::nullopt;
    return signed_side(*value, terms.secret, unix_now);
  };
  if (!terms.header.empty()) {
    if (const auto side = believed(request.headers(terms.header))) return side;
  }
  if (!terms.cookie.empty()) return believed(cookie_value(request.headers, terms.cookie));
  return std::nullopt;
}

std::string sign_override(Side side, std::int64_t expiry, std::string_view secret) {
  std::string value = std::string(text(side)) + "." + std::to_string(expiry);
  const auto mac = signature_of(value, secret);
  if (!mac) return {};
  value += '.';
  value.append(mac->data(), mac->size());
  return value;
}

}  // namespace ficus::proxy
