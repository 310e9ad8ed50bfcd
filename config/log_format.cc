#include "config/log_format.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/findings.h"
#include "config/suggestion.h"

namespace ficus::config {
namespace {

constexpr std::size_t kLongestFormat = 4096;

constexpr LogFieldName kNames[] = {
    {"time", LogField::time},
    {"time_common", LogField::time_common},
    {"request_id", LogField::request_id},
    {"trace_id", LogField::trace_id},
    {"client", LogField::client},
    {"method", LogField::method},
    {"host", LogField::host},
    {"path", LogField::path},
    {"query", LogField::query},
    {"target", LogField::target},
    {"protocol", LogField::protocol},
    {"request", LogField::request},
    {"status", LogField::status},
    {"bytes_in", LogField::bytes_in},
    {"bytes_out", LogField::bytes_out},
    {"route", LogField::route},
    {"side", LogField::side},
    {"reason", LogField::reason},
    {"backend", LogField::backend},
    {"endpoint", LogField::endpoint},
    {"duration_ms", LogField::duration_ms},
    {"connect_ms", LogField::connect_ms},
    {"first_byte_ms", LogField::first_byte_ms},
    {"referer", LogField::referer},
    {"user_agent", LogField::user_agent},
    {"error", LogField::error},
    {"fault", LogField::fault},
    {"detail", LogField::detail},
    {"tries", LogField::tries},
};

using Parts = std::vector<LogPart>;

void add_literal(Parts& parts, char byte) {
  if (parts.empty() || parts.back().field != LogField::literal) parts.emplace_back();
  parts.back().literal += byte;
}

std::optional<LogField> field_of(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &LogFieldName::name);
  if (found == std::end(kNames)) return std::nullopt;
  return found->field;
}

std::string unknown_field(std::string_view name) {
  std::vector<std::string_view> known;
  for (const LogFieldName& one : kNames) known.push_back(one.name);
  std::string problem = "has the unknown field " + backquoted(name);
  std::string guess = did_you_mean(name, known);
  if (!guess.empty()) return problem + guess;
  problem += "; known:";
  for (const std::string_view one : known) problem.append(" ").append(one);
  return problem;
}

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }

}  // namespace

std::span<const LogFieldName> log_field_names() { return kNames; }

Parsed<std::vector<LogPart>> parse_log_format(std::string_view text) {
  if (text.empty()) return failed<Parts>("is empty; write `json` or a text with {fields}");
  if (text.size() > kLongestFormat) return failed<Parts>("is longer than 4096 bytes");
  if (std::ranges::any_of(text, is_control)) {
    return failed<Parts>("has a control character; a line of the log is one line");
  }
  Parts parts;
  bool any_field = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_brace = text[i] == '{' || text[i] == '}';
    const bool is_doubled = is_brace && i + 1 < text.size() && text[i + 1] == text[i];
    if (!is_brace || is_doubled) {
      add_literal(parts, text[i]);
      if (is_doubled) ++i;
      continue;
    }
    if (text[i] == '}') return failed<Parts>("has a `}` without a `{`; a brace itself is `}}`");
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) {
      return failed<Parts>("has a `{` without a `}`; a brace itself is `{{`");
    }
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const std::optional<LogField> field = field_of(name);
    if (!field) return failed<Parts>(unknown_field(name));
    parts.push_back({*field});
    any_field = true;
    i = end;
  }
  if (!any_field) return failed<Parts>("has no {field}; write `json` or a text with {fields}");
  return {std::move(parts), {}};
}

}  // namespace ficus::config
