#include "proxy/http/cookie.h"

#include <cstddef>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

std::optional<std::string_view> find_cookie(std::string_view cookie_field, std::string_view name) {
  std::string_view rest = cookie_field;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || trim_blanks(pair.substr(0, equals)) != name) continue;
    std::string_view value = trim_blanks(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> find_cookie(const RequestHead& head, std::string_view name) {
  if (!head.fields.has(HeaderId::cookie)) return std::nullopt;
  for (const Field& field : head.fields) {
    if (field.id != HeaderId::cookie) continue;
    if (const auto value = find_cookie(head.value(field), name)) return value;
  }
  return std::nullopt;
}

}  // namespace ficus::proxy::http
