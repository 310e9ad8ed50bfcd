#include "proxy/http/redaction.h"

#include <array>

#include "proxy/http/grammar.h"
#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kLongWord = 16;

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
    if (equals_ignoring_case(text.substr(at, word.size()), word)) return true;
  }
  return false;
}

// Authorization, Set-Cookie, X-Api-Key, X-CSRF-Token, …
bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords{
      "auth", "cookie", "key", "token", "secret", "session", "password", "signature", "csrf"};
  for (const std::string_view word : kWords) {
    if (contains_ignoring_case(name, word)) return true;
  }
  return false;
}

bool is_framing(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") ||
         equals_ignoring_case(name, "Transfer-Encoding") ||
         equals_ignoring_case(name, "Connection") || equals_ignoring_case(name, "Upgrade");
}

bool is_word(char c) { return is_a(c, kTokenChar) || c == '/' || c == '='; }

char shown(char c) {
  if (is_a(c, kDigitChar)) return '#';
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte < 0x20 && c != '\r' && c != '\n' && c != '\t') ? '?' : c;
}

void append_masked(std::string_view text, std::string& out) {
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size() && is_word(text[size])) ++size;
    if (size >= kLongWord) {
      out += kMask;
    } else {
      size = size == 0 ? 1 : size;
      for (const char c : text.substr(0, size)) out += shown(c);
    }
    text.remove_prefix(size);
  }
}

// One line with its end.
void append_line(std::string_view line, std::string& out) {
  std::size_t end = line.size();
  while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r')) --end;
  const std::string_view content = line.substr(0, end);
  const std::size_t colon = content.find(':');
  if (colon == std::string_view::npos) {
    append_masked(content, out);
  } else {
    const std::string_view name = trim_blanks(content.substr(0, colon));
    if (is_token(name)) {
      out += content.substr(0, colon);
    } else {
      append_masked(content.substr(0, colon), out);
    }
    out += ':';
    const std::string_view value = content.substr(colon + 1);
    if (is_framing(name)) {
      for (const char c : value) out += is_a(c, kDigitChar) ? c : shown(c);
    } else if (is_secret(name)) {
      out += ' ';
      out += kMask;
    } else {
      append_masked(value, out);
    }
  }
  out += line.substr(end);
}

}  // namespace

std::string redacted_head(std::string_view head, std::size_t size) {
  std::string out;
  // Masked first and cut then: the part of a word that is left must not look like a short one.
  std::string_view rest = head;
  bool first = true;
  while (!rest.empty() && out.size() < size) {
    const std::size_t lf = rest.find('\n');
    const std::string_view line =
        rest.substr(0, lf == std::string_view::npos ? rest.size() : lf + 1);
    if (first) {
      for (const char c : line) out += is_a(c, kDigitChar) ? c : shown(c);
    } else {
      append_line(line, out);
    }
    first = false;
    rest.remove_prefix(line.size());
  }
  out.resize(out.size() < size ? out.size() : size);
  return out;
}

}  // namespace ficus::proxy::http
