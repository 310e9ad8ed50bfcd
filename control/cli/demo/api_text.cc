#include <algorithm>
#include <charconv>
#include <cstdio>

#include "control/cli/demo/admin_calls.h"

namespace ficus::control::demo {
namespace {

bool has_labels(std::string_view line, const std::map<std::string, std::string>& labels) {
  for (const auto& [label, value] : labels) {
    const std::string pair = label + "=\"" + value + '"';
    if (line.find('{' + pair) == std::string_view::npos &&
        line.find(',' + pair) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<double> sample(std::string_view exposition, std::string_view name,
                             const std::map<std::string, std::string>& labels) {
  std::optional<double> total;
  while (!exposition.empty()) {
    const std::string_view line = exposition.substr(0, exposition.find('\n'));
    exposition.remove_prefix(std::min(exposition.size(), line.size() + 1));
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    const char next = line[name.size()];
    if ((next != '{' && next != ' ') || !has_labels(line, labels)) continue;
    const std::string_view number = line.substr(line.rfind(' ') + 1);
    double value = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    if (parsed.ec == std::errc{}) total = total.value_or(0) + value;
  }
  return total;
}

std::optional<std::string> text_member(std::string_view json, std::string_view name) {
  const std::string key = '"' + std::string(name) + '"';
  std::size_t at = json.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  at += key.size();
  while (at < json.size() && (json[at] == ' ' || json[at] == ':')) ++at;
  if (at >= json.size() || json[at] != '"') return std::nullopt;
  std::string value;
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\' && at + 1 < json.size()) ++at;
    value += json[at];
  }
  if (at >= json.size()) return std::nullopt;
  return value;
}

std::string percent_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", percent);
  std::string out = text;
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

}  // namespace ficus::control::demo
