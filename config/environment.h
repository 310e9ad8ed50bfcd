#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ficus::config {

// A file's bytes, or why they could not be had ("is a directory").
struct FileText {
  std::optional<std::string> text;
  std::string problem;
};

// All that a load takes from outside the text. Tests and the fuzzer put their own in place, so
// that no load of theirs touches the disk or the process environment.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // At most `limit` bytes; more is a problem that names the limit.
  std::function<FileText(const std::string& path, std::size_t limit)> read_file;
  // Paths that fit a pattern of * ? [], sorted by name; none fits: empty.
  std::function<std::vector<std::string>(const std::string& pattern)> expand;
};

// The environment variables and the disk of this process.
Environment process_environment();

// No variables and no files.
Environment empty_environment();

}  // namespace ficus::config
