#include "config/shape_check.h"

#include <algorithm>
#include <chrono>

#include "config/suggestion.h"
#include "config/units.h"

namespace ficus::config {
namespace {

using Place = Schema::Place;

void check_value(const Cursor& value, const Place& place);

std::string with_about(const Key& key) {
  std::string text = backquoted(key.path.substr(key.path.rfind('.') + 1)) + " is missing";
  return key.about.empty() ? text : text + "; " + std::string(key.about);
}

void report_unknown(const Cursor& value, const Place& place) {
  if (value.key() == "<<") {
    value.error_at_key("merge keys are not supported; use `defaults`");
    return;
  }
  std::vector<std::string_view> known;
  for (const auto& [name, child] : place.keys()) {
    if (child.key->type != KeyType::later) known.push_back(name);
  }
  const std::string guess = did_you_mean(value.key(), known);
  if (!guess.empty()) return value.error_at_key("is an unknown key" + guess);
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  value.error_at_key("is an unknown key; known here: " + list);
}

void check_required(const Cursor& map, const Place& place) {
  for (const auto& [name, child] : place.keys()) {
    if (child.key->presence != Presence::required || map[name].is_present()) continue;
    map.error(with_about(*child.key));
  }
}

void check_keys(const Cursor& map, const Place& place) {
  for (const Cursor& value : map.entries()) {
    const Place* child = place.find(value.key());
    if (child == nullptr) {
      report_unknown(value, place);
    } else if (child->key->type == KeyType::later) {
      value.error_at_key("is not in this version");
    } else {
      check_value(value, *child);
    }
  }
}

void check_map(const Cursor& map, const Place& place) {
  check_keys(map, place);
  check_required(map, place);
}

std::string kind_name(const Cursor& value) {
  if (value.is_map()) return "is a map";
  if (value.is_sequence()) return "is a list";
  return value.shown() + " is a single value";
}

bool expect_map(const Cursor& value, const Key& key) {
  if (value.is_map()) return true;
  value.error(kind_name(value) + "; needed: " + type_name(key.type));
  return false;
}

bool expect_list(const Cursor& value, const Key& key) {
  if (value.is_sequence()) return true;
  std::string message = kind_name(value) + "; needed: " + type_name(key.type);
  if (value.is_scalar() && key.type == KeyType::text_list) message += "; put brackets around it";
  value.error(std::move(message));
  return false;
}

bool expect_scalar(const Cursor& value, std::string_view needed) {
  if (value.is_scalar()) return true;
  value.error(value.is_null() ? "has no value; needed: " + std::string(needed)
                              : kind_name(value) + "; needed: " + std::string(needed));
  return false;
}

void check_text_list(const Cursor& value, const Key& key) {
  if (!expect_list(value, key)) return;
  for (const Cursor& item : value.items()) expect_scalar(item, "text");
}

void check_word(const Cursor& value, const Key& key) {
  if (!expect_scalar(value, key.allowed)) return;
  std::vector<std::string_view> words;
  std::string_view rest = key.allowed;
  constexpr std::string_view kBar = " | ";
  while (true) {
    const std::size_t bar = rest.find(kBar);
    words.push_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + kBar.size());
  }
  if (std::find(words.begin(), words.end(), value.text()) != words.end()) return;
  const std::string guess = value.is_substituted() ? "" : did_you_mean(value.text(), words);
  value.error(value.shown() + " is not one of " + std::string(key.allowed) + guess);
}

// A number in quotes is a text; only one that holds ${…} needs them, in flow style.
bool is_unquoted(const Cursor& value) {
  if (!value.is_quoted() || value.is_substituted()) return true;
  value.error(value.shown() + " is in quotes; write it without");
  return false;
}

template <class T>
void check_number(const Cursor& value, const Key& key, Parsed<T> parsed, std::int64_t number) {
  if (!parsed.value) {
    std::string message = value.shown() + " " + parsed.problem;
    if (key.range) message += "; allowed: " + range_text(key);
    return value.error(std::move(message));
  }
  if (!key.range) return;
  if (number < key.range->least || number > key.range->most) {
    const char* relation = number < key.range->least ? " is less than" : " is more than";
    value.error(value.shown() + relation + " allowed: " + range_text(key) +
                (key.type == KeyType::percent ? " percent" : ""));
  }
}

void check_scalar(const Cursor& value, const Key& key) {
  if (!expect_scalar(value, type_name(key.type))) return;
  const std::string& text = value.text();
  switch (key.type) {
    case KeyType::boolean:
      if (is_unquoted(value)) check_number(value, key, parse_boolean(text), 0);
      return;
    case KeyType::integer_or_auto:
    case KeyType::integer_or_off:
      if (text == (key.type == KeyType::integer_or_auto ? "auto" : "off")) return;
      [[fallthrough]];
    case KeyType::integer: {
      const auto parsed = parse_integer(text);
      if (is_unquoted(value)) check_number(value, key, parsed, parsed.value.value_or(0));
      return;
    }
    case KeyType::percent: {
      const auto parsed = parse_percent(text);
      if (is_unquoted(value)) check_number(value, key, parsed, parsed.value.value_or(0));
      return;
    }
    case KeyType::duration_or_off:
      if (text == "off") return;
      [[fallthrough]];
    case KeyType::duration: {
      const auto parsed = parse_duration(text);
      check_number(value, key, parsed, parsed.value.value_or(std::chrono::milliseconds(0)).count());
      return;
    }
    case KeyType::size_or_unlimited:
      if (text == "unlimited") return;
      [[fallthrough]];
    case KeyType::size: {
      const auto parsed = parse_size(text);
      check_number(value, key, parsed, static_cast<std::int64_t>(parsed.value.value_or(0)));
      return;
    }
    default:
      return;
  }
}

void check_statuses(const Cursor& value, const Key& key) {
  if (value.is_scalar()) return;
  check_text_list(value, key);
}

void check_value(const Cursor& value, const Place& place) {
  const Key& key = place.same_as != nullptr ? *place.same_as->key : *place.key;
  if (value.is_null()) {
    return value.error("has no value; give it one (" + type_name(key.type) + ") or remove the key");
  }
  switch (place.type()) {
    case KeyType::map_or_off:
      if (value.is_scalar() && value.text() == "off") return;
      [[fallthrough]];
    case KeyType::map:
      if (expect_map(value, key)) check_map(value, place);
      return;
    case KeyType::map_list:
      if (!expect_list(value, key)) return;
      for (const Cursor& item : value.items()) {
        if (expect_map(item, Key{.path = {}, .type = KeyType::map})) check_map(item, place);
      }
      return;
    case KeyType::named_maps:
      if (!expect_map(value, key)) return;
      for (const Cursor& item : value.entries()) {
        if (expect_map(item, Key{.path = {}, .type = KeyType::map})) check_map(item, place);
      }
      return;
    case KeyType::header_map:
      if (!expect_map(value, key)) return;
      for (const Cursor& item : value.entries()) expect_scalar(item, "text");
      return;
    case KeyType::text_list:
      return check_text_list(value, key);
    case KeyType::status_list:
      return check_statuses(value, key);
    case KeyType::word:
      return check_word(value, key);
    default:
      return check_scalar(value, key);
  }
}

bool may_be_included(const std::string& key) {
  return key == "version" || key == "backends" || key == "routes";
}

}  // namespace

void check_shape(Cursor root, const Schema& schema, FileRole role) {
  if (role == FileRole::main) return check_map(root, schema.root());
  for (const Cursor& value : root.entries()) {
    const Place* place = schema.root().find(value.key());
    if (place == nullptr) {
      report_unknown(value, schema.root());
    } else if (place->key->type == KeyType::later) {
      value.error_at_key("is not in this version");
    } else if (may_be_included(value.key())) {
      check_value(value, *place);
    } else {
      value.error_at_key(
          "belongs into the main file; an included file holds only `backends` and "
          "`routes`");
    }
  }
}

}  // namespace ficus::config
