#include "proxy/http/query.h"

#include <cstddef>

namespace ficus::proxy::http {

std::optional<std::string_view> find_query_parameter(std::string_view query,
                                                     std::string_view name) {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name || pair.empty()) continue;
    return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace ficus::proxy::http
