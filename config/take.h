#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "config/cursor.h"
#include "config/units.h"

// How the reader takes single values. A value that is missing, or whose shape was already
// reported, leaves the target as it is: so defaults are overlaid key by key.
namespace ficus::config {

// Reports the parser's problem, in a sentence that begins with the value.
template <class T, class Parser>
void take_text(const Cursor& value, Parser parse, T& target) {
  if (!value.is_scalar()) return;
  auto parsed = parse(value.text());
  if (parsed.value) {
    target = std::move(*parsed.value);
  } else {
    value.error(value.shown() + " " + parsed.problem);
  }
}

template <class T, class Parser>
void take_texts(const Cursor& list, Parser parse, std::vector<T>& target) {
  if (!list.is_sequence()) return;
  target.clear();
  for (const Cursor& item : list.items()) {
    if (!item.is_scalar()) continue;
    auto parsed = parse(item.text());
    if (parsed.value) {
      target.push_back(std::move(*parsed.value));
    } else {
      item.error(item.shown() + " " + parsed.problem);
    }
  }
}

// The shape check has reported what these cannot parse.
inline void take(const Cursor& value, std::chrono::milliseconds& target) {
  if (value.is_scalar()) target = parse_duration(value.text()).value.value_or(target);
}
inline void take(const Cursor& value, int& target) {
  if (!value.is_scalar()) return;
  target = static_cast<int>(parse_integer(value.text()).value.value_or(target));
}
inline void take(const Cursor& value, std::uint32_t& target) {
  if (!value.is_scalar()) return;
  target = static_cast<std::uint32_t>(parse_integer(value.text()).value.value_or(target));
}
inline void take(const Cursor& value, std::uint64_t& target) {
  if (value.is_scalar()) target = parse_size(value.text()).value.value_or(target);
}
inline void take(const Cursor& value, bool& target) {
  if (value.is_scalar()) target = parse_boolean(value.text()).value.value_or(target);
}
inline void take_percent(const Cursor& value, double& target) {
  if (!value.is_scalar()) return;
  if (const auto parsed = parse_percent(value.text()).value) {
    target = static_cast<double>(*parsed) / 100.0;
  }
}

}  // namespace ficus::config
