#include "proxy/http/head_fields.h"

#include <cstring>

namespace ficus::proxy::http {

namespace {

template <typename Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Does `text`, of the literal's length, spell it in any case? Setting bit 5 folds letters; of the
// other characters that it maps onto a letter, a digit or '-' none may stand in a token.
template <std::size_t N>
bool spells(const char* text, const char (&literal)[N]) {
  constexpr std::size_t kSize = N - 1;
  if constexpr (kSize >= 8) {
    constexpr std::uint64_t kFold = 0x2020202020202020u;
    if ((load<std::uint64_t>(text) | kFold) != load<std::uint64_t>(literal)) return false;
    if constexpr (kSize > 16) {
      if ((load<std::uint64_t>(text + 8) | kFold) != load<std::uint64_t>(literal + 8)) return false;
    }
    constexpr std::size_t kLast = kSize - 8;
    return (load<std::uint64_t>(text + kLast) | kFold) == load<std::uint64_t>(literal + kLast);
  } else if constexpr (kSize >= 4) {
    constexpr std::uint32_t kFold = 0x20202020u;
    constexpr std::size_t kLast = kSize - 4;
    return (load<std::uint32_t>(text) | kFold) == load<std::uint32_t>(literal) &&
           (load<std::uint32_t>(text + kLast) | kFold) == load<std::uint32_t>(literal + kLast);
  } else {
    static_assert(kSize == 2);
    constexpr std::uint16_t kFold = 0x2020u;
    return (load<std::uint16_t>(text) | kFold) == load<std::uint16_t>(literal);
  }
}

HeaderId id_of_ten(const char* name) {
  if (spells(name, "user-agent")) return HeaderId::user_agent;
  if (spells(name, "connection")) return HeaderId::connection;
  if (spells(name, "set-cookie")) return HeaderId::set_cookie;
  if (spells(name, "keep-alive")) return HeaderId::keep_alive;
  if (spells(name, "tracestate")) return HeaderId::tracestate;
  return HeaderId::other;
}

HeaderId id_by_length(std::string_view text) {
  const char* name = text.data();
  switch (text.size()) {
    case 2:
      return spells(name, "te") ? HeaderId::te : HeaderId::other;
    case 4:
      if (spells(name, "host")) return HeaderId::host;
      if (spells(name, "date")) return HeaderId::date;
      return spells(name, "vary") ? HeaderId::vary : HeaderId::other;
    case 6:
      if (spells(name, "accept")) return HeaderId::accept;
      if (spells(name, "cookie")) return HeaderId::cookie;
      if (spells(name, "server")) return HeaderId::server;
      return spells(name, "expect") ? HeaderId::expect : HeaderId::other;
    case 7:
      if (spells(name, "upgrade")) return HeaderId::upgrade;
      return spells(name, "trailer") ? HeaderId::trailer : HeaderId::other;
    case 8:
      return spells(name, "location") ? HeaderId::location : HeaderId::other;
    case 10:
      return id_of_ten(name);
    case 11:
      return spells(name, "traceparent") ? HeaderId::traceparent : HeaderId::other;
    case 12:
      if (spells(name, "content-type")) return HeaderId::content_type;
      return spells(name, "x-request-id") ? HeaderId::x_request_id : HeaderId::other;
    case 13:
      if (spells(name, "cache-control")) return HeaderId::cache_control;
      return spells(name, "authorization") ? HeaderId::authorization : HeaderId::other;
    case 14:
      if (spells(name, "content-length")) return HeaderId::content_length;
      return spells(name, "http2-settings") ? HeaderId::http2_settings : HeaderId::other;
    case 15:
      return spells(name, "x-forwarded-for") ? HeaderId::x_forwarded_for : HeaderId::other;
    case 16:
      if (spells(name, "x-forwarded-host")) return HeaderId::x_forwarded_host;
      return spells(name, "proxy-connection") ? HeaderId::proxy_connection : HeaderId::other;
    case 17:
      if (spells(name, "transfer-encoding")) return HeaderId::transfer_encoding;
      return spells(name, "x-forwarded-proto") ? HeaderId::x_forwarded_proto : HeaderId::other;
    default:
      return HeaderId::other;
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

HeaderId header_id(std::string_view name) {
  const HeaderId id = id_by_length(name);
  if (id == HeaderId::other && name.size() >= 8 && spells(name.data(), "x-ficus-")) {
    return HeaderId::x_ficus;
  }
  return id;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void FieldList::grow(std::uint32_t capacity) {
  std::unique_ptr<Field[]> larger(new Field[capacity]);
  std::copy(begin(), end(), larger.get());
  heap_ = std::move(larger);
  capacity_ = capacity;
}

}  // namespace ficus::proxy::http
