#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/weight.h"

namespace ficus::control {

struct Question {
  std::string method;
  std::string url;                   // absolute, or a path
  std::vector<std::string> headers;  // "Name: value"
  std::string client = "192.0.2.1";
  std::optional<config::Weight> weight;  // in place of the file's
};

struct Explanation {
  std::string text;
  std::vector<std::string> faults;  // why there is no text, a line each
};

// What the proxy would do with a request under a configuration: asked of the same functions that
// serve requests. Nothing is sent, no name is looked up; every endpoint is taken to be healthy.
Explanation explain(const std::string& config_path, const Question& question);

}  // namespace ficus::control
