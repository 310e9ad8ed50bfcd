#include "config/diagnostic.h"

#include <algorithm>
#include <array>

#include "config/findings.h"

namespace ficus::config {
namespace {

constexpr std::size_t kMostShown = 80;  // bytes of a quoted value

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (!is_control(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

// Never in the middle of a UTF-8 sequence.
std::string_view cut(std::string_view text) {
  std::size_t end = kMostShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string backquoted(std::string_view text) {
  if (text.size() <= kMostShown) return "`" + escaped(text) + "`";
  return "`" + escaped(cut(text)) + "…`";
}

std::string Diagnostic::text() const {
  std::string out = escaped(at.file);
  if (at.line > 0) out += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  out += ": ";
  if (severity == Severity::warning) out += code.empty() ? "warning: " : "warning " + code + ": ";
  if (!key.empty()) out += escaped(key) + ": ";
  return out + message;
}

void Findings::error(Location at, std::string key, std::string message) {
  any_error_ = true;
  add({Severity::error, std::move(at), std::move(key), std::move(message)});
}

void Findings::warning(Location at, std::string key, std::string message) {
  add({Severity::warning, std::move(at), std::move(key), std::move(message)});
}

bool Findings::any_error_in(const std::string& file, std::string_view key) const {
  if (!any_error_) return false;
  return std::any_of(found_.begin(), found_.end(), [&](const Diagnostic& one) {
    if (one.severity != Severity::error || one.at.file != file || !one.key.starts_with(key)) {
      return false;
    }
    return one.key.size() == key.size() || one.key[key.size()] == '.' || one.key[key.size()] == '[';
  });
}

void Findings::add(Diagnostic diagnostic) {
  if (found_.size() > kMost) return;
  if (!texts_.insert(diagnostic.text()).second) return;
  if (found_.size() == kMost) {
    diagnostic = {
        Severity::error, {diagnostic.at.file, 0, 0}, {}, "has more faults than are shown"};
  }
  found_.push_back(std::move(diagnostic));
}

Diagnostics Findings::in_file_order(const std::vector<std::string>& files) && {
  const auto rank = [&files](const Diagnostic& d) {
    const auto place = std::find(files.begin(), files.end(), d.at.file) - files.begin();
    return std::array<std::ptrdiff_t, 3>{place, d.at.line, d.at.column};
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  return std::move(found_);
}

}  // namespace ficus::config
