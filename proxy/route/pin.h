#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/request_view.h"
#include "proxy/route/sticky_key.h"
#include "proxy/side.h"

namespace ficus::proxy {

// A client that wrote stays for a while on the side that took the write, so that it reads what it
// wrote. Stateless: a cookie "SIDE.WRITTEN.SIGNATURE", whose name holds the group of routes (or the
// route) and whose signature holds the name. WRITTEN is Unix milliseconds.
struct CompiledPin {
  // `group_or_route` as for sticky_seed.
  CompiledPin(std::string_view group_or_route, std::string secret_key,
              std::chrono::milliseconds how_long);

  std::string cookie;         // its name
  std::string key;            // of the signature
  std::int64_t duration = 0;  // in ms
  std::int64_t freed_at = 0;  // Unix ms: pins from before the last rollback hold nobody
};

std::int64_t unix_ms_now();

enum class PinCheck : std::uint8_t {
  signature,
  none,  // for who explains a request without knowing the key
};

// The side that the request is pinned to, or nothing: no such cookie, over, from the future, freed,
// or not signed by us.
std::optional<Side> pinned_side(const CompiledPin& pin, const RequestView& request,
                                std::int64_t unix_now_ms, PinCheck check);

// The value of a Set-Cookie field that pins a client. Fixed size, nothing allocated but by OpenSSL.
class PinCookie {
 public:
  struct Terms {
    Side side = Side::legacy;
    std::int64_t unix_now_ms = 0;
    CookieScope scope = CookieScope::any;
  };

  PinCookie(const CompiledPin& pin, const Terms& terms);

  // Empty if OpenSSL failed.
  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  void append(std::string_view text);
  void append(std::int64_t number);

  std::array<char, 320> buffer_{};
  std::size_t size_ = 0;
};

}  // namespace ficus::proxy
