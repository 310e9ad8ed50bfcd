#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ficus::proxy::http {

// Character classes of RFC 9110 §5.6 and RFC 3986, one bit each in one table.
enum CharClass : std::uint8_t {
  kTokenChar = 1,  // tchar
  kHostChar = 2,   // in a reg-name, without '%' and ','
  kDigitChar = 4,
  kHexChar = 8,
};

namespace detail {
constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view chars, unsigned bits) {
    for (const char c : chars) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(kLetters, kTokenChar | kHostChar);
  mark("0123456789", kTokenChar | kHostChar | kDigitChar | kHexChar);
  mark("abcdefABCDEF", kHexChar);
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark("-._~!$&'()*+;=", kHostChar);
  return table;
}
}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> kCharClasses = detail::make_char_classes();

constexpr bool is_a(char c, CharClass char_class) {
  return (kCharClasses[static_cast<unsigned char>(c)] & char_class) != 0;
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// NUL, control characters and DEL, which no field value holds; HTAB is judged apart.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Characters of a URI that mean the same escaped or not (RFC 3986 §2.3).
constexpr bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

constexpr unsigned hex_value(char c) {
  return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

// The character that a well-formed "%41" at the front stands for.
constexpr char escaped_char(std::string_view escape) {
  return static_cast<char>(hex_value(escape[1]) << 4 | hex_value(escape[2]));
}

constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_a(c, kTokenChar)) return false;
  }
  return !text.empty();
}

constexpr std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Walks the members of a comma-separated list without quoted strings (RFC 9110 §5.6.1); empty
// members are given too.
class ListMembers {
 public:
  explicit constexpr ListMembers(std::string_view list) : rest_(list) {}

  constexpr bool next(std::string_view& member) {
    if (done_) return false;
    const std::size_t comma = rest_.find(',');
    member = trim_blanks(rest_.substr(0, comma));
    done_ = comma == std::string_view::npos;
    if (!done_) rest_.remove_prefix(comma + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace ficus::proxy::http
