#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/loader.h"

namespace ficus::config {

// Loads that touch neither the disk nor the environment.
struct Scripted {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  std::map<std::string, std::vector<std::string>> patterns;

  Environment environment() const {
    Environment made;
    made.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    made.read_file = [this](const std::string& path, std::size_t) -> FileText {
      const auto found = files.find(path);
      if (found == files.end()) return {std::nullopt, "cannot be read: No such file or directory"};
      return {found->second, {}};
    };
    made.expand = [this](const std::string& pattern) -> std::vector<std::string> {
      const auto found = patterns.find(pattern);
      return found == patterns.end() ? std::vector<std::string>{} : found->second;
    };
    return made;
  }

  LoadOutcome load(const std::string& text) const {
    return load_text(text, "f.yaml", environment());
  }
};

inline std::vector<std::string> texts(const LoadOutcome& outcome) {
  std::vector<std::string> all;
  for (const Diagnostic& diagnostic : outcome.diagnostics) all.push_back(diagnostic.text());
  return all;
}

// What a text is told, one line each; empty: it loads.
inline std::string told(const std::string& text, const Scripted& around = {}) {
  std::string all;
  for (const std::string& one : texts(around.load(text))) all += one + "\n";
  return all;
}

inline std::string with_routes(const std::string& routes) {
  return "version: 1\n"
         "listeners: [{address: 0.0.0.0:8080}]\n"
         "backends:\n"
         "  old-shop: {endpoints: [\"http://10.0.0.5:9001\"]}\n"
         "  new-shop: {endpoints: [\"http://10.0.0.9:9001\"]}\n"
         "routes:\n" +
         routes;
}

// One route with both sides; `more` stands in line 7 from column 51 on.
inline std::string with_route(const std::string& more) {
  return with_routes("  - {name: shop, legacy: old-shop, new: new-shop, " + more + "}\n");
}

// A whole file with `line` put at its top.
inline std::string with_line(const std::string& line) {
  return line + "\n" + with_route("weight: 5");
}

}  // namespace ficus::config
