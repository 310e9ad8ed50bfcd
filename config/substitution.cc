#include "config/substitution.h"

#include <algorithm>
#include <optional>

#include "config/findings.h"

namespace ficus::config {
namespace {

constexpr std::string_view kFilePrefix = "file:";
constexpr std::string_view kDefaultMark = ":-";
constexpr std::string_view kGrammar =
    "write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for a literal ${";

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void strip_newline(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

struct Value {
  std::optional<std::string> text;
  std::string problem;
};

Value file_value(std::string_view path, const Environment& environment) {
  if (!path.starts_with('/')) return {std::nullopt, "the path must begin with /"};
  FileText file = environment.read_file(std::string(path), kMaxValueFile);
  if (!file.text) return {std::nullopt, "the file " + file.problem};
  strip_newline(*file.text);
  return {std::move(file.text), {}};
}

Value variable_value(std::string_view inside, const Environment& environment) {
  const std::size_t mark = inside.find(kDefaultMark);
  const std::string name(inside.substr(0, mark));
  if (!is_name(name)) return {std::nullopt, "is not a variable's name; " + std::string(kGrammar)};
  if (std::optional<std::string> value = environment.variable(name)) {
    const bool use_default = value->empty() && mark != std::string_view::npos;
    if (!use_default) return {std::move(value), {}};
  }
  if (mark != std::string_view::npos) {
    return {std::string(inside.substr(mark + kDefaultMark.size())), {}};
  }
  return {std::nullopt,
          "the variable is not set; set it, or give a default: ${" + name + ":-value}"};
}

}  // namespace

Substitution substitute(std::string_view text, const Environment& environment) {
  Substitution result;
  while (true) {
    const std::size_t open = text.find("${");
    if (open == std::string_view::npos) break;
    if (open > 0 && text[open - 1] == '$') {  // "$${" stands for "${"
      result.text.append(text.substr(0, open - 1)).append("${");
      text.remove_prefix(open + 2);
      continue;
    }
    result.text.append(text.substr(0, open));
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      result.problems.push_back("`${` has no `}` after it; " + std::string(kGrammar));
      return result;
    }
    const std::string_view inside = text.substr(open + 2, close - open - 2);
    Value value = inside.starts_with(kFilePrefix)
                      ? file_value(inside.substr(kFilePrefix.size()), environment)
                      : variable_value(inside, environment);
    if (value.text) {
      result.text += *value.text;
      result.replaced = true;
    } else {
      const std::string_view whole = text.substr(open, close - open + 1);
      result.problems.push_back(backquoted(whole) + ": " + value.problem);
    }
    text.remove_prefix(close + 1);
  }
  result.text.append(text);
  return result;
}

}  // namespace ficus::config
