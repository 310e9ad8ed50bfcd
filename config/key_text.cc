#include <chrono>

#include "config/key_table.h"
#include "config/units.h"

namespace ficus::config {
namespace {

using enum KeyType;

std::string range_value(KeyType type, std::int64_t value) {
  switch (type) {
    case duration:
    case duration_or_off:
      return format_duration(std::chrono::milliseconds(value));
    case size:
    case size_or_unlimited:
      return format_size(static_cast<std::uint64_t>(value));
    case percent:
      return format_percent(value);
    default:
      return std::to_string(value);
  }
}

}  // namespace

std::string type_name(KeyType type) {
  switch (type) {
    case map:
      return "map";
    case map_list:
      return "list of maps";
    case named_maps:
      return "map of maps";
    case map_or_off:
      return "map or off";
    case same_as:
      return "map";
    case text:
      return "text";
    case text_list:
      return "list of texts";
    case header_map:
      return "map of texts";
    case word:
      return "word";
    case boolean:
      return "true or false";
    case integer:
      return "number";
    case integer_or_auto:
      return "number or auto";
    case integer_or_off:
      return "number or off";
    case percent:
      return "percent";
    case duration:
      return "duration";
    case duration_or_off:
      return "duration or off";
    case size:
      return "size";
    case size_or_unlimited:
      return "size or unlimited";
    case status_list:
      return "statuses";
    case later:
      return "not in this version";
  }
  return {};
}

std::string range_text(const Key& key) {
  if (!key.range) return {};
  if (key.range->least == key.range->most) return range_value(key.type, key.range->least);
  return range_value(key.type, key.range->least) + " to " + range_value(key.type, key.range->most);
}

}  // namespace ficus::config
