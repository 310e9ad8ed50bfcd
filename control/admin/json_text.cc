#include "control/admin/json_text.h"

#include <cmath>
#include <cstdio>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "config/utf8.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

void append(std::string& out, std::string_view text) {
  std::string whole;
  whole.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = config::utf8_sequence(text);
    whole += size == 0 ? kReplacement : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += json::serialize(json::value(whole));
}

void append(std::string& out, const json::array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i != 0) out += ',';
    append(out, array[i]);
  }
  out += ']';
}

void append(std::string& out, const json::object& object) {
  out += '{';
  bool first = true;
  for (const auto& [key, member] : object) {
    if (!first) out += ',';
    first = false;
    append(out, std::string_view(key));
    out += ':';
    append(out, member);
  }
  out += '}';
}

void append(std::string& out, double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", number);
  out += std::isfinite(number) ? buffer : "null";
}

void append(std::string& out, const json::value& value) {
  if (const json::object* object = value.if_object()) return append(out, *object);
  if (const json::array* array = value.if_array()) return append(out, *array);
  if (const json::string* text = value.if_string()) return append(out, std::string_view(*text));
  if (value.is_double()) return append(out, value.as_double());
  out += json::serialize(value);
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace ficus::control
