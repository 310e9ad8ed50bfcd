#include "config/source_text.h"

#include <algorithm>
#include <optional>

#include "config/document.h"
#include "config/units.h"
#include "config/utf8.h"

namespace ficus::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Columns count bytes, as the YAML parser's marks do.
Location location_of(std::string_view text, std::size_t offset, const std::string& file) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {file, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

bool is_forbidden_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

struct Fault {
  std::size_t offset = 0;
  std::string message;
};

std::optional<Fault> first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') return Fault{i, "holds a NUL byte: this is not a text file"};
    if (is_forbidden_control(text[i])) {
      return Fault{i, "holds a control character: this is not a YAML text"};
    }
    const std::size_t length = utf8_sequence(text.substr(i));
    if (length == 0) return Fault{i, "is not valid UTF-8 here; save the file as UTF-8"};
    i += length;
  }
  return std::nullopt;
}

std::optional<std::size_t> first_tab_indentation(std::string_view text) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const std::size_t content = line.find_first_not_of(" \t\r");
    const std::size_t tab = line.find('\t');
    if (content != std::string_view::npos && line[content] != '#' && tab < content) {
      return start + tab;
    }
    start = end + 1;
  }
  return std::nullopt;
}

bool has_content(std::string_view text) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const std::size_t content = line.find_first_not_of(" \t\r");
    if (content != std::string_view::npos && line[content] != '#') return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

std::optional<std::string_view> check_source_text(std::string_view text, const std::string& file,
                                                  Findings& findings) {
  const auto refuse = [&](Location at, std::string message) {
    findings.error(std::move(at), {}, std::move(message));
    return std::nullopt;
  };
  if (text.size() > kMaxFileBytes) {
    return refuse({file, 0, 0},
                  "is larger than " + format_size(kMaxFileBytes) + ", the most that is read");
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return refuse({file, 1, 1}, "is UTF-16; save the file as UTF-8");
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (const std::optional<Fault> fault = first_bad_byte(text)) {
    return refuse(location_of(text, fault->offset, file), fault->message);
  }
  if (const std::optional<std::size_t> tab = first_tab_indentation(text)) {
    return refuse(location_of(text, *tab, file),
                  "a tab in the indentation; YAML indents with spaces");
  }
  if (!has_content(text)) {
    return refuse({file, 0, 0},
                  "is empty; docs/configuration.md shows the smallest useful configuration");
  }
  return text;
}

}  // namespace ficus::config
