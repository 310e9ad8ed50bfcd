#include "proxy/http/authority.h"

#include <cstddef>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

Authority invalid(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return {0, "user information in the host"};
  return {0, "invalid character in the host"};
}

// The size of a bracketed IPv6 address at the front, or 0. Zone identifiers mean nothing to another
// host, and no version of the address after 6 exists.
std::size_t ip_literal_size(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return 0;
  const std::string_view address = text.substr(1, close - 1);
  if (address.size() < 2 || address.find(':') == std::string_view::npos) return 0;
  for (const char c : address) {
    if (!is_a(c, kHexChar) && c != ':' && c != '.') return 0;
  }
  return close + 1;
}

// An escape of a byte beyond ASCII, or of a character that needs none. Escaped delimiters and
// control characters would be a different host to whoever decodes them.
bool is_harmless_escape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return false;
  if (!is_a(text[1], kHexChar) || !is_a(text[2], kHexChar)) return false;
  const char c = escaped_char(text);
  return static_cast<unsigned char>(c) >= 0x80 || is_unreserved(c);
}

// The size of the reg-name or IPv4 address at the front. Without the comma of RFC 3986's
// sub-delims: no name has one, and two Host lines that somebody joined look like that (RFC 9110
// §5.3).
std::size_t registered_name_size(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_a(text[at], kHostChar)) {
      ++at;
    } else if (is_harmless_escape(text.substr(at, 3))) {
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

bool valid_port(std::string_view port) {
  unsigned number = 0;
  if (port.size() > 5) return false;
  for (const char c : port) {
    if (!is_a(c, kDigitChar)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= 65535;
}

}  // namespace

Authority judge_authority(std::string_view text) {
  if (text.empty()) return {0, "empty host"};
  const std::size_t size = text.front() == '[' ? ip_literal_size(text) : registered_name_size(text);
  if (size == 0) return text.front() == ':' ? Authority{0, "empty host"} : invalid(text);
  if (size < text.size()) {
    if (text[size] != ':') return invalid(text);
    if (!valid_port(text.substr(size + 1))) {
      return text.find('@') == std::string_view::npos ? Authority{0, "invalid port in the host"}
                                                      : invalid(text);
    }
  }
  return {static_cast<std::uint32_t>(size), {}};
}

}  // namespace ficus::proxy::http
