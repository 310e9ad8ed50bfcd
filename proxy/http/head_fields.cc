#include "proxy/http/head_fields.h"

#include <bit>
#include <cstring>

namespace ficus::proxy::http {

namespace {

template <typename Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// A literal in lower case, and with it the bit that folds case wherever it has a letter; other
// characters must match exactly.
template <std::size_t N>
struct Spelling {
  consteval Spelling(const char (&literal)[N]) {  // NOLINT: a literal is what it stands for
    for (std::size_t i = 0; i + 1 < N; ++i) {
      text[i] = literal[i];
      fold[i] = literal[i] >= 'a' && literal[i] <= 'z' ? '\x20' : '\0';
    }
  }
  char text[N - 1]{};
  char fold[N - 1]{};
};

template <Spelling kWanted, typename Word, std::size_t kAt>
bool same_word(const char* text) {
  constexpr auto pack = [](const auto& bytes) {
    Word word = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      const std::size_t shift =
          std::endian::native == std::endian::little ? i * 8 : (sizeof(Word) - 1 - i) * 8;
      word =
          static_cast<Word>(word | static_cast<Word>(static_cast<Word>(bytes[kAt + i]) << shift));
    }
    return word;
  };
  constexpr Word kText = pack(kWanted.text);
  constexpr Word kFold = pack(kWanted.fold);
  return static_cast<Word>(load<Word>(text + kAt) | kFold) == kText;
}

// Does `text`, of the literal's length or longer, begin with it in any case?
template <Spelling kWanted>
bool spells(const char* text) {
  constexpr std::size_t kSize = sizeof kWanted.text;
  if constexpr (kSize > 16) {
    return same_word<kWanted, std::uint64_t, 0>(text) &&
           same_word<kWanted, std::uint64_t, 8>(text) &&
           same_word<kWanted, std::uint64_t, kSize - 8>(text);
  } else if constexpr (kSize >= 8) {
    return same_word<kWanted, std::uint64_t, 0>(text) &&
           same_word<kWanted, std::uint64_t, kSize - 8>(text);
  } else if constexpr (kSize >= 4) {
    return same_word<kWanted, std::uint32_t, 0>(text) &&
           same_word<kWanted, std::uint32_t, kSize - 4>(text);
  } else {
    static_assert(kSize == 2);
    return same_word<kWanted, std::uint16_t, 0>(text);
  }
}

HeaderId id_of_ten(const char* name) {
  if (spells<"user-agent">(name)) return HeaderId::user_agent;
  if (spells<"connection">(name)) return HeaderId::connection;
  if (spells<"set-cookie">(name)) return HeaderId::set_cookie;
  if (spells<"keep-alive">(name)) return HeaderId::keep_alive;
  if (spells<"tracestate">(name)) return HeaderId::tracestate;
  return HeaderId::other;
}

HeaderId id_by_length(std::string_view text) {
  const char* name = text.data();
  switch (text.size()) {
    case 2:
      return spells<"te">(name) ? HeaderId::te : HeaderId::other;
    case 4:
      if (spells<"host">(name)) return HeaderId::host;
      if (spells<"date">(name)) return HeaderId::date;
      return spells<"vary">(name) ? HeaderId::vary : HeaderId::other;
    case 6:
      if (spells<"accept">(name)) return HeaderId::accept;
      if (spells<"cookie">(name)) return HeaderId::cookie;
      if (spells<"server">(name)) return HeaderId::server;
      return spells<"expect">(name) ? HeaderId::expect : HeaderId::other;
    case 7:
      if (spells<"upgrade">(name)) return HeaderId::upgrade;
      return spells<"trailer">(name) ? HeaderId::trailer : HeaderId::other;
    case 8:
      return spells<"location">(name) ? HeaderId::location : HeaderId::other;
    case 9:
      return spells<"forwarded">(name) ? HeaderId::forwarded : HeaderId::other;
    case 10:
      return id_of_ten(name);
    case 11:
      return spells<"traceparent">(name) ? HeaderId::traceparent : HeaderId::other;
    case 12:
      if (spells<"content-type">(name)) return HeaderId::content_type;
      return spells<"x-request-id">(name) ? HeaderId::x_request_id : HeaderId::other;
    case 13:
      if (spells<"cache-control">(name)) return HeaderId::cache_control;
      return spells<"authorization">(name) ? HeaderId::authorization : HeaderId::other;
    case 14:
      if (spells<"content-length">(name)) return HeaderId::content_length;
      return spells<"http2-settings">(name) ? HeaderId::http2_settings : HeaderId::other;
    case 15:
      return spells<"x-forwarded-for">(name) ? HeaderId::x_forwarded_for : HeaderId::other;
    case 16:
      if (spells<"x-forwarded-host">(name)) return HeaderId::x_forwarded_host;
      return spells<"proxy-connection">(name) ? HeaderId::proxy_connection : HeaderId::other;
    case 17:
      if (spells<"transfer-encoding">(name)) return HeaderId::transfer_encoding;
      return spells<"x-forwarded-proto">(name) ? HeaderId::x_forwarded_proto : HeaderId::other;
    default:
      return HeaderId::other;
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// "X-Ficus-", and "X_Ficus_" too: many backends take '_' and '-' for the same.
bool begins_as_ficus(std::string_view name) {
  const auto joins = [&](std::size_t at) { return name[at] == '-' || name[at] == '_'; };
  return name.size() >= 8 && spells<"ficu">(name.data() + 2) && lower(name[0]) == 'x' &&
         lower(name[6]) == 's' && joins(1) && joins(7);
}

}  // namespace

HeaderId header_id(std::string_view name) {
  const HeaderId id = id_by_length(name);
  return id == HeaderId::other && begins_as_ficus(name) ? HeaderId::x_ficus : id;
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
