#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace ficus::config {

// Where a warning comes from.
enum class WarningSource {
  file,     // the file alone decides: the same on every machine
  outside,  // the disk, the clock or the name service take part
  later,    // what it warns of is not in this version
};

// A warning of `ficus check`. The codes are stable: people write them into their files.
struct WarningKind {
  std::string_view code;   // "W05"
  std::string_view about;  // a line for an overview
  WarningSource source = WarningSource::file;
};

// All codes, in order; docs/warnings.md has a section for each that is not for later.
std::span<const WarningKind> warning_table();

// nullptr: there is no such code.
const WarningKind* find_warning(std::string_view code);

std::vector<std::string_view> warning_codes();

}  // namespace ficus::config
