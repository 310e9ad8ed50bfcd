#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ficus::config {

enum class KeyType {
  map,
  map_list,
  named_maps,  // name: map
  map_or_off,
  same_as,  // the keys of another entry, named in `allowed`
  text,
  text_list,
  header_map,  // header name: value
  word,        // one of the words in `allowed`, separated by " | "
  boolean,
  integer,
  integer_or_auto,
  integer_or_off,
  percent,
  duration,
  duration_or_off,
  size,
  size_or_unlimited,
  status_list,  // a status, a range, or a list of them
  later,        // known, but not in this version
};

enum class Presence { optional, required };

// Inclusive, in base units: milliseconds, bytes, hundredths of a percent, or the number itself.
struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// One key of the configuration file. "[]" in a path stands for each item of a list, "*" for each
// name of a map.
struct Key {
  std::string_view path;
  KeyType type = KeyType::text;
  std::string_view about = {};    // one line for the reference
  std::string_view allowed = {};  // words, or the grammar of a text
  std::optional<Range> range = std::nullopt;
  Presence presence = Presence::optional;
  std::string (*default_value)() = nullptr;  // taken from the model, as it is written in YAML
};

// Every key, in the order of the reference. The unknown-key check, the type and range check, the
// reference and the JSON schema come from it.
std::span<const Key> key_table();

// "duration", "list of texts"
std::string type_name(KeyType type);
// "1s to 10m", "0 to 100", or "" without a range.
std::string range_text(const Key& key);

}  // namespace ficus::config
