#include "proxy/route/request_view.h"

#include <algorithm>

namespace ficus::proxy {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Cuts the part before the separator off `rest`; all of it if there is none.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::optional<std::string_view> cookie_in(std::string_view line, std::string_view name) {
  while (!line.empty()) {
    const std::string_view pair = next_part(line, ';');
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    if (trimmed(pair.substr(0, equals)) == name) return trimmed(pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace

bool holds(const config::HeaderCondition& condition, const HeaderLookup& headers) {
  for (std::size_t nth = 0;; ++nth) {
    const auto value = headers(condition.name, nth);
    if (!value) return false;
    if (*value == condition.value) return true;
  }
}

bool lists(const std::vector<std::string>& methods, std::string_view method) {
  return methods.empty() || std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::optional<std::string_view> cookie_value(const HeaderLookup& headers, std::string_view name) {
  for (std::size_t nth = 0;; ++nth) {
    const auto line = headers("Cookie", nth);
    if (!line) return std::nullopt;
    if (const auto value = cookie_in(*line, name)) return value;
  }
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = next_part(query, '&');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

}  // namespace ficus::proxy
