#pragma once

#include <string>

#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

namespace ficus::config {

// What a text that loads is warned of, one line each.
inline std::string warned(const std::string& text, const Scripted& around = {}) {
  const LoadOutcome outcome = around.load(text);
  CAPTURE(text);
  CHECK(told(text, around).empty());
  std::string all;
  for (const Diagnostic& one : unallowed(outcome.advice)) all += one.text() + "\n";
  return all;
}

// Is this warning among them?
inline bool warns(const std::string& code, const std::string& text) {
  return warned(text).find(" warning " + code + ": ") != std::string::npos;
}

// A file of which nothing is warned, but for what the routes do: the backends are checked.
inline std::string sound(const std::string& routes) {
  return "version: 1\n"
         "listeners: [{address: 0.0.0.0:8080}]\n"
         "backends:\n"
         "  old-shop: {endpoints: [\"http://10.0.0.5:9001\"]}\n"
         "  new-shop: {endpoints: [\"http://10.0.0.9:9001\"], health_check: {path: /healthz}}\n"
         "routes:\n" +
         routes;
}

// A route of which nothing is warned, but for `more`; in line 7.
inline std::string sound_route(const std::string& more) {
  return sound("  - {name: shop, legacy: old-shop, new: new-shop, " + more + "}\n");
}

// Added to a route, W04 has nothing to say.
inline const std::string kKept = "writes: shared, sticky: {by: [generated]}";

}  // namespace ficus::config
