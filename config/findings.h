#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/diagnostic.h"

namespace ficus::config {

// Collects what a load finds. Stops at kMost, so that a hostile file cannot make a report
// larger than itself.
class Findings {
 public:
  static constexpr std::size_t kMost = 1000;

  // Found twice (a fault in `defaults` is met under each route), it is kept once.
  void error(Location at, std::string key, std::string message);
  void warning(Location at, std::string key, std::string message);

  bool any_error() const { return any_error_; }
  // About that key of the file, or one below it. Of what is kept.
  bool any_error_in(const std::string& file, std::string_view key) const;
  // In the order of the files as they were read, then of lines and columns.
  Diagnostics in_file_order(const std::vector<std::string>& files) &&;

 private:
  void add(Diagnostic diagnostic);

  Diagnostics found_;
  std::unordered_set<std::string> texts_;
  bool any_error_ = false;
};

// The text in backquotes, cut when long, control characters escaped: safe for a terminal.
std::string backquoted(std::string_view text);

}  // namespace ficus::config
