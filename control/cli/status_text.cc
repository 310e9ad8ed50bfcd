#include "control/cli/status_text.h"

#include <cstdio>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace ficus::control {
namespace {

namespace json = boost::json;

const json::value kNull;

// Answers of another version may lack a member: absent reads as null, and null as nothing.
const json::value& at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* current = &value;
  for (const std::string_view name : path) {
    const json::object* object = current->if_object();
    current = object ? object->if_contains(name) : nullptr;
    if (current == nullptr) return kNull;
  }
  return *current;
}

std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

double number(const json::value& value) {
  return value.is_number() ? value.to_number<double>() : 0;
}

bool flag(const json::value& value) { return value.is_bool() && value.as_bool(); }

std::string short_number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

std::string whole(const json::value& value) {
  return std::to_string(static_cast<long long>(number(value)));
}

std::string percent(const json::value& value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g %%", number(value));
  return buffer;
}

std::string padded(std::string word, std::size_t width) {
  if (word.size() < width) word.append(width - word.size(), ' ');
  return word;
}

// "02:47:11" of a timestamp.
std::string clock_of(const std::string& timestamp) {
  return timestamp.size() >= 19 ? timestamp.substr(11, 8) : timestamp;
}

json::value parsed(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  return error ? json::value() : value;
}

std::string side_line(const json::value& route, const char* side) {
  const json::value& rates = at(route, {"sides", side});
  if (rates.is_null()) return {};
  std::string line = std::string("   ") + side + " " +
                     short_number(number(at(rates, {"per_second", "1m"}))) + "/s " +
                     short_number(number(at(rates, {"error_percent", "1m"}))) + " % errors";
  const json::value& p99 = at(rates, {"latency_ms", "p99"});
  if (!p99.is_null()) line += " p99 " + short_number(number(p99)) + " ms";
  return line;
}

std::string ordinary(const json::value& route) {
  std::string line = padded(text(at(route, {"name"})), 12) + "  ";
  const bool legacy = !at(route, {"sides", "legacy"}).is_null();
  const bool fresh = !at(route, {"sides", "new"}).is_null();
  if (legacy && fresh) {
    line += padded(percent(at(route, {"weight"})) + " new", 12);
  } else {
    line += padded(legacy ? "legacy only" : "new only", 12);
  }
  line += side_line(route, "legacy") + side_line(route, "new");
  if (flag(at(route, {"guard", "evidence", "slow_starting"}))) line += "   slow start";
  if (text(at(route, {"guard", "mode"})) != "enforce") {
    line += "   guard " + text(at(route, {"guard", "mode"}));
  }
  const json::value& pending = at(route, {"pending_file_weight"});
  if (!pending.is_null()) line += "   (the file says " + percent(pending) + ")";
  const json::value& ends = at(route, {"override", "ends_in"});
  if (!ends.is_null()) line += "   for another " + text(ends);
  return line + "\n";
}

// Legacy in one clause: is it carrying what it should?
std::string now_line(const json::value& route) {
  const json::value& legacy = at(route, {"sides", "legacy"});
  return "legacy answers " + short_number(number(at(legacy, {"per_second", "10s"}))) + "/s, " +
         short_number(number(at(legacy, {"error_percent", "10s"}))) + " % of it errors";
}

std::string next_line(const json::value& route) {
  const std::string name = text(at(route, {"name"}));
  const std::string weight = "ficus weight " + name + " PERCENT --reason TEXT";
  return flag(at(route, {"latched"})) ? "ficus rearm " + name + " · " + weight : weight;
}

// A route whose new side was taken off.
std::string stopped(const json::value& route, const std::string& prefix) {
  const json::value& stop = at(route, {flag(at(route, {"latched"})) ? "latch" : "retreat"});
  const char* verb = flag(at(route, {"latched"})) ? "rollback" : "retreat";
  std::string block = padded(text(at(route, {"name"})), 12) + "  ON LEGACY since " +
                      clock_of(text(at(stop, {"since"}))) + " (" + verb + " by " +
                      text(at(stop, {"by"})) + ")";
  const json::value& decision = at(route, {"last_decision"});
  if (!decision.is_null()) {
    block += "    users saw " + whole(at(decision, {"users_saw_errors"})) + " errors, " +
             whole(at(decision, {"fallbacks"})) + " fallbacks";
  }
  block += "\n" + prefix + "  why    " + text(at(stop, {"reason"}));
  block += "\n" + prefix + "  now    " + now_line(route);
  block += "\n" + prefix + "  next   " + next_line(route) + "\n";
  return block;
}

std::string route_text(const json::value& route, const std::string& prefix) {
  if (flag(at(route, {"latched"})) || !at(route, {"retreat"}).is_null()) {
    return prefix + stopped(route, prefix);
  }
  std::string result = prefix + ordinary(route);
  const std::string verdict = text(at(route, {"last_decision", "verdict"}));
  if (verdict == "would_roll_back" || verdict == "hold") {
    result += prefix + "  " + padded(verdict == "hold" ? "HOLD" : "would roll back", 6) +
              " since " + clock_of(text(at(route, {"last_decision", "at"}))) + ": " +
              text(at(route, {"last_decision", "summary"})) + "\n";
  }
  return result;
}

std::string cell(const json::value& value) {
  return value.is_null() ? std::string("-") : percent(value);
}

std::string applied_text(const json::value& answer) {
  return "version " + whole(at(answer, {"version"})) + ", " +
         whole(at(answer, {"applied", "workers"})) + " of " + whole(at(answer, {"applied", "of"})) +
         " workers";
}

}  // namespace

std::string status_text(const std::string& status, const std::string& prefix) {
  const json::value document = parsed(status);
  std::string result = prefix + "ficus " + text(at(document, {"version"})) + "  " +
                       (flag(at(document, {"draining"})) ? "DRAINING"
                        : flag(at(document, {"ready"}))  ? "ready"
                                                         : "NOT READY") +
                       "  up " + whole(at(document, {"uptime_seconds"})) + " s  " +
                       whole(at(document, {"workers", "count"})) + " workers  " +
                       whole(at(document, {"connections", "open"})) +
                       " connections  weights in memory only\n";
  if (!flag(at(document, {"config", "last_load_succeeded"}))) {
    result += prefix + "THE LAST RELOAD FAILED at " +
              clock_of(text(at(document, {"config", "last_load"}))) +
              "; the configuration before it is in force\n";
    const json::value& errors = at(document, {"config", "last_load_errors"});
    if (const json::array* lines = errors.if_array()) {
      for (const json::value& line : *lines) result += prefix + "  " + text(line) + "\n";
    }
  }
  const json::value& routes = at(document, {"routes"});
  if (const json::array* list = routes.if_array()) {
    for (const json::value& route : *list) result += route_text(route, prefix);
  }
  return result;
}

std::string routes_text(const std::string& routes, const std::string& prefix) {
  const json::value document = parsed(routes);
  std::string result = prefix + padded("ROUTE", 20) + padded("EFFECTIVE", 11) +
                       padded("ORIGIN", 10) + padded("FILE", 9) + padded("OVERRIDE", 10) +
                       "GUARD\n";
  const json::value& list = at(document, {"routes"});
  if (const json::array* array = list.if_array()) {
    for (const json::value& route : *array) {
      result += prefix + padded(text(at(route, {"name"})), 20) +
                padded(percent(at(route, {"weight"})), 11) +
                padded(text(at(route, {"origin"})), 10) +
                padded(percent(at(route, {"file_weight"})), 9) +
                padded(cell(at(route, {"override", "weight"})), 10) +
                text(at(route, {"guard", "mode"})) + "\n";
    }
  }
  return result;
}

std::string change_text(const std::string& answer, const std::string& prefix) {
  const json::value document = parsed(answer);
  const json::value& swept = at(document, {"rolled_back"});
  if (const json::array* names = swept.if_array()) {
    std::string list;
    for (const json::value& name : *names) list += " " + text(name);
    return prefix + "rolled back:" + (list.empty() ? " no route has two sides" : list) + " (" +
           applied_text(document) + ")\n";
  }
  const json::value& route = at(document, {"route"});
  const std::string origin = text(at(route, {"origin"}));
  const json::value& pending = at(route, {"pending_file_weight"});
  return prefix + text(at(route, {"name"})) + " " + percent(at(route, {"weight"})) + " new" +
         (origin == "latch" ? ", latched" : "") +
         (pending.is_null() ? "" : ", the file says " + percent(pending)) + " (" +
         applied_text(document) + ")\n";
}

}  // namespace ficus::control
