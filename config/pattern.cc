#include "config/pattern.h"

#include <re2/re2.h>

namespace ficus::config {
namespace {

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  return options;
}

// What is wrong, without the part of the text that RE2 quotes: it may be a secret.
std::string problem_of(const re2::RE2& regex) {
  const std::string& error = regex.error();
  std::string what = error.substr(0, error.find(": "));
  switch (regex.error_code()) {
    case re2::RE2::ErrorPatternTooLarge:
      return "is too large a regex; split it over several routes or rules";
    case re2::RE2::ErrorBadPerlOp:
      what += "; RE2 has no lookahead and lookbehind";
      break;
    case re2::RE2::ErrorBadEscape:
      what += "; RE2 has no backreferences, and in YAML double quotes a backslash is written twice";
      break;
    default:
      break;
  }
  return "is no regex (RE2): " + what;
}

Parsed<std::string> parse_pattern(std::string_view text) {
  if (text.empty()) return failed<std::string>("is an empty regex");
  if (text.size() > kMaxPatternBytes) {
    return failed<std::string>(
        "is a longer regex than allowed: " + std::to_string(kMaxPatternBytes) + " bytes");
  }
  const re2::RE2 regex(std::string(text), options());
  if (!regex.ok()) return failed<std::string>(problem_of(regex));
  return {std::string(text), {}};
}

bool can_begin_with_a_slash(const std::string& text) {
  constexpr int kEnough = 8;
  std::string least;
  std::string most;
  const re2::RE2 regex(text, options());
  if (!regex.PossibleMatchRange(&least, &most, kEnough)) return true;
  return most >= "/" && least < "0";  // what follows '/' in ASCII
}

}  // namespace

std::unique_ptr<re2::RE2> compile_pattern(std::string_view text) {
  if (text.size() > kMaxPatternBytes) return nullptr;
  auto regex = std::make_unique<re2::RE2>(std::string(text), options());
  return regex->ok() ? std::move(regex) : nullptr;
}

Parsed<std::string> parse_path_pattern(std::string_view text) {
  Parsed<std::string> pattern = parse_pattern(text);
  if (pattern.value && !can_begin_with_a_slash(*pattern.value)) {
    return failed<std::string>(
        "fits no path: it has to fit the whole path, and that begins with /; for a part of it "
        "write /.*PART.*");
  }
  return pattern;
}

Parsed<std::string> parse_value_pattern(std::string_view text) {
  return parse_pattern(text.substr(1));
}

}  // namespace ficus::config
