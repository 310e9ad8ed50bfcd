#include "proxy/route/override.h"

#include <array>
#include <charconv>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace ficus::proxy {
namespace {

constexpr std::size_t kMacBytes = 32;
using MacText = std::array<char, 2 * kMacBytes>;

std::optional<Side> side_named(std::string_view name) {
  if (name == text(Side::fresh)) return Side::fresh;
  if (name == text(Side::legacy)) return Side::legacy;
  return std::nullopt;
}

std::optional<MacText> mac_of(std::string_view message, std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()),
                                   message.size(), mac.data(), &size);
  if (done == nullptr || size != kMacBytes) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789abcdef";
  MacText result{};
  for (std::size_t i = 0; i < kMacBytes; ++i) {
    result[2 * i] = kDigits[mac[i] >> 4];
    result[2 * i + 1] = kDigits[mac[i] & 15];
  }
  return result;
}

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
  if (!side || !expiry || *expiry <= unix_now || mac.size() != 2 * kMacBytes) return std::nullopt;
  const auto expected = mac_of(value.substr(0, second), secret);
  if (!expected || CRYPTO_memcmp(mac.data(), expected->data(), expected->size()) != 0) {
    return std::nullopt;
  }
  return side;
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
  const auto mac = mac_of(value, secret);
  if (!mac) return {};
  value += '.';
  value.append(mac->data(), mac->size());
  return value;
}

}  // namespace ficus::proxy
