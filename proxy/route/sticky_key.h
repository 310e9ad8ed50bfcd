#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/model.h"
#include "proxy/net/address.h"
#include "proxy/route/random.h"
#include "proxy/route/request_view.h"

namespace ficus::proxy {

inline constexpr std::string_view kGeneratedKeyCookie = "ficus_key";

// The seed of a group of routes, or of a route that is in none, from its name.
std::uint64_t sticky_seed(std::string_view group_or_route);

// 63 bits: XXH3-64 of the key with the seed, halved. A fixed part of the product: the same key in
// the same group gives the same number on every machine, in every build and version, for ever;
// otherwise an upgrade would move users.
std::uint64_t sticky_hash(std::string_view key, std::uint64_t seed);
std::uint64_t sticky_hash(const SocketAddress& client, std::uint64_t seed);

// The key of the first source that is present; an empty value is as good as absent.
// `generated` is present if the cookie ficus_key holds 1 to 128 bytes, whoever chose them: a
// client that wants another key can have one anyway. Header, cookie and query values are hashed as
// sent; two sources that carry the same bytes are the same key.
std::optional<std::uint64_t> find_sticky_key(const config::Sticky& sticky, std::uint64_t seed,
                                             const RequestView& request,
                                             const SocketAddress& client);

// Is a key to be made for who brings none?
bool generates_key(const config::Sticky& sticky);

enum class CookieScope : std::uint8_t {
  any,     // plain HTTP in front
  secure,  // TLS in front: the cookie gets Secure
};

// The value of a Set-Cookie field that gives a client its generated key for 180 days, which is
// longer than a migration should take. Fixed size, nothing allocated.
class GeneratedKeyCookie {
 public:
  GeneratedKeyCookie(const RandomHex& key, CookieScope scope);

  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, 128> buffer_{};
  std::size_t size_ = 0;
};

// May an answer with these header fields carry a client's own cookie? Not if it says that a shared
// cache may store it: Cache-Control with public, max-age or s-maxage, an Expires, or a field for
// caches further out (CDN-Cache-Control, Surrogate-Control), unless Cache-Control also says
// private, no-store or no-cache (RFC 9111 §5.2.2). Silence permits it.
bool may_set_cookie(const HeaderLookup& response);

}  // namespace ficus::proxy
