#include "proxy/http/max_forwards.h"

#include <charconv>
#include <limits>
#include <string_view>

#include "proxy/http/framing_fields.h"
#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

constexpr std::uint64_t kMostHops = std::numeric_limits<std::int64_t>::max();

bool is_number(std::string_view value) {
  for (const char c : value) {
    if (!is_a(c, kDigitChar)) return false;
  }
  return !value.empty();
}

}  // namespace

Hops count_hop_of(RequestHead& head, char* bytes) {
  for (Field& field : head.fields) {
    if (field.id != HeaderId::other || field.dropped) continue;
    if (!equals_ignoring_case(head.name(field), "max-forwards")) continue;
    const std::string_view value = head.value(field);
    if (!is_number(value)) continue;
    const std::uint64_t hops = parse_content_length(value).value_or(kMostHops);
    if (hops == 0) return Hops::used_up;
    // Never longer than what was there.
    char* begin = bytes + field.value_at;
    const auto written = std::to_chars(begin, begin + field.value_size, hops - 1);
    field.value_size = static_cast<std::uint32_t>(written.ptr - begin);
    field.canonical = false;
  }
  return Hops::left;
}

}  // namespace ficus::proxy::http
