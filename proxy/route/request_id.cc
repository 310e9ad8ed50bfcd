#include "proxy/route/request_id.h"

#include <algorithm>
#include <cstddef>

namespace ficus::proxy {

bool keeps_request_id(std::string_view value) {
  constexpr std::size_t kMaxBytes = 128;
  return !value.empty() && value.size() <= kMaxBytes &&
         std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace ficus::proxy
