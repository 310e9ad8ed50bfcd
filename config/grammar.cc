#include "config/grammar.h"

#include <algorithm>

namespace ficus::config {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestBuild = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && all(text, [&](char c) {
    return is_digit(c) || is_lower(c) || is_upper(c) || kMarks.find(c) != std::string_view::npos;
  });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Parsed<std::string> parse_name(std::string_view text) {
  constexpr std::string_view kRule =
      "; allowed: a-z, 0-9, then also _ . and -, up to 63 characters";
  const auto fail = [&](std::string_view problem) {
    return failed<std::string>(std::string(problem) + std::string(kRule));
  };
  if (text.empty()) return fail("is empty");
  if (text.size() > kLongestName) return fail("is too long");
  if (std::any_of(text.begin(), text.end(), is_upper)) return fail("has capital letters");
  if (!is_lower(text[0]) && !is_digit(text[0])) {
    return fail("does not begin with a letter or a digit");
  }
  const bool fits = all(
      text, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; });
  if (!fits) return fail("has characters that a name cannot have");
  return {std::string(text), {}};
}

Parsed<std::string> parse_method(std::string_view text) {
  if (!is_token(text)) return failed<std::string>("is not a method");
  if (std::any_of(text.begin(), text.end(), is_lower)) {
    return failed<std::string>("has small letters; methods are written in capitals, such as GET");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_header_name(std::string_view text) {
  if (text.ends_with(':')) {
    return failed<std::string>("ends in a colon; write the header's name alone");
  }
  if (!is_token(text)) {
    return failed<std::string>("is not a header name: letters, digits and !#$%&'*+-.^_`|~");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_written_value(std::string_view text) {
  const bool printable = all(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
  if (!printable) return failed<std::string>("has characters that no header value can have");
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!text.empty() && (is_blank(text.front()) || is_blank(text.back()))) {
    return failed<std::string>("begins or ends with a blank, which no header value does");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_build(std::string_view text) {
  constexpr std::string_view kRule = "; allowed: 1 to 64 visible ASCII characters, no blank";
  const auto fail = [&](std::string_view problem) {
    return failed<std::string>(std::string(problem) + std::string(kRule));
  };
  if (text.empty()) return fail("is empty");
  if (text.size() > kLongestBuild) return fail("is too long");
  if (!all(text, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return fail("has characters that a build cannot have");
  }
  return {std::string(text), {}};
}

Parsed<std::string> parse_header_value(std::string_view text) {
  if (text.starts_with('~')) {
    return failed<std::string>("begins with ~; a pattern may stand in `match` and `assign` only");
  }
  return parse_written_value(text);
}

Parsed<HeaderCondition> parse_header_line(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return failed<HeaderCondition>("has no colon; write \"Name: value\", in quotes");
  }
  std::string_view value = text.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  Parsed<std::string> name = parse_header_name(text.substr(0, colon));
  if (!name.value) return failed<HeaderCondition>("does not begin with a header name");
  Parsed<std::string> parsed = parse_header_value(value);
  if (!parsed.value) return failed<HeaderCondition>("has a value that " + parsed.problem);
  return {HeaderCondition{std::move(*name.value), std::move(*parsed.value)}, {}};
}

Parsed<StickySource> parse_sticky_source(std::string_view text) {
  using Kind = StickySource::Kind;
  if (text == "client_ip") return {StickySource{Kind::client_ip, {}}, {}};
  if (text == "generated") return {StickySource{Kind::generated, {}}, {}};
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view name =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "header" || kind == "cookie") {
    if (!is_token(name)) return failed<StickySource>("has no valid name after the colon");
    return {StickySource{kind == "header" ? Kind::header : Kind::cookie, std::string(name)}, {}};
  }
  if (kind == "query") {
    const bool fits = !name.empty() && all(name, [](char c) {
      return c > 0x20 && c < 0x7f && c != '&' && c != '=' && c != '#' && c != '+';
    });
    if (!fits) return failed<StickySource>("has no valid name after the colon");
    return {StickySource{Kind::query, std::string(name)}, {}};
  }
  return failed<StickySource>(
      "is not a source; allowed: header:NAME, cookie:NAME, query:NAME, client_ip, generated");
}

Parsed<StatusRange> parse_status_range(std::string_view text) {
  const auto status = [](std::string_view digits) {
    const Parsed<std::int64_t> number = parse_integer(digits);
    const bool fits = number.value && digits.size() == 3 && *number.value >= 200;
    return fits && *number.value <= 599 ? static_cast<int>(*number.value) : 0;
  };
  const std::size_t dash = text.find('-');
  const int first = status(text.substr(0, dash));
  const int last = dash == std::string_view::npos ? first : status(text.substr(dash + 1));
  if (first == 0 || last == 0) {
    return failed<StatusRange>("is not a status or range from 200 to 599, such as 404 or 500-599");
  }
  if (first > last) return failed<StatusRange>("is a range that ends before it begins");
  return {StatusRange{first, last}, {}};
}

}  // namespace ficus::config
