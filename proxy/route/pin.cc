#include "proxy/route/pin.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proxy/route/signature.h"

namespace ficus::proxy {
namespace {

constexpr std::string_view kCookiePrefix = "ficus_pin_";
constexpr std::size_t kMaxNameBytes = 63;  // of a group or route
constexpr std::size_t kMaxSignedBytes = 32;
// Clocks of workers that were read one after the other.
constexpr std::int64_t kSkewMs = 1'000;

// What is signed: the cookie's name too, or a pin of one group would be one of all.
class SignedText {
 public:
  SignedText(std::string_view name, std::string_view value) {
    append(name);
    append("=");
    append(value);
  }

  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  void append(std::string_view part) {
    const std::size_t fits = std::min(part.size(), buffer_.size() - size_);
    std::copy_n(part.data(), fits, buffer_.data() + size_);
    size_ += fits;
  }

  std::array<char, kCookiePrefix.size() + kMaxNameBytes + 1 + kMaxSignedBytes> buffer_{};
  std::size_t size_ = 0;
};

// Decimal digits only, no more than Unix milliseconds can need.
std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::size_t kMaxDigits = 15;
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

CompiledPin::CompiledPin(std::string_view group_or_route, std::string secret_key,
                         std::chrono::milliseconds how_long)
    : cookie(kCookiePrefix), key(std::move(secret_key)), duration(how_long.count()) {
  cookie += group_or_route.substr(0, kMaxNameBytes);
}

std::int64_t unix_ms_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::optional<Side> pinned_side(const CompiledPin& pin, const RequestView& request,
                                std::int64_t unix_now_ms, PinCheck check) {
  const auto value = cookie_value(request.headers, pin.cookie);
  if (!value) return std::nullopt;
  const std::size_t first = value->find('.');
  const std::size_t second = value->rfind('.');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  const auto side = side_named(value->substr(0, first));
  const auto written = parse_time(value->substr(first + 1, second - first - 1));
  if (!side || !written) return std::nullopt;
  if (*written > unix_now_ms + kSkewMs || unix_now_ms - *written >= pin.duration) {
    return std::nullopt;
  }
  if (*written < pin.freed_at) return std::nullopt;
  if (check == PinCheck::none) return side;
  const SignedText message(pin.cookie, value->substr(0, second));
  return is_signature(value->substr(second + 1), message.text(), pin.key) ? side : std::nullopt;
}

PinCookie::PinCookie(const CompiledPin& pin, const Terms& terms) {
  append(pin.cookie);
  append("=");
  const std::size_t value_at = size_;
  append(proxy::text(terms.side));
  append(".");
  append(terms.unix_now_ms);
  const SignedText message(pin.cookie, text().substr(value_at));
  const auto signature = signature_of(message.text(), pin.key);
  if (!signature) {
    size_ = 0;
    return;
  }
  append(".");
  append({signature->data(), signature->size()});
  append("; Path=/; Max-Age=");
  append((pin.duration + 999) / 1'000);
  append("; HttpOnly; SameSite=Lax");
  if (terms.scope == CookieScope::secure) append("; Secure");
}

void PinCookie::append(std::string_view text) {
  const std::size_t fits = std::min(text.size(), buffer_.size() - size_);
  std::copy_n(text.data(), fits, buffer_.data() + size_);
  size_ += fits;
}

void PinCookie::append(std::int64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace ficus::proxy
