#include "proxy/http/path.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && is_a(text[1], kHexChar) && is_a(text[2], kHexChar);
}

bool escapes_are_well_formed(std::string_view path) {
  for (std::size_t at = 0; (at = path.find('%', at)) != std::string_view::npos; at += 3) {
    if (!is_escape(path.substr(at))) return false;
  }
  return true;
}

// 1 for ".", 2 for "..", in any spelling; 0 for all other segments.
int dots(std::string_view segment) {
  int count = 0;
  while (!segment.empty()) {
    std::size_t size = 1;
    char c = segment.front();
    if (is_escape(segment)) {
      c = escaped_char(segment);
      size = 3;
    }
    if (c != '.' || ++count > 2) return 0;
    segment.remove_prefix(size);
  }
  return count;
}

// Writes the segment to `out`, which may overlap it from below; its new size.
std::size_t write_decoded(std::string_view segment, char* out) {
  std::size_t size = 0;
  while (!segment.empty()) {
    std::size_t used = 1;
    char c = segment.front();
    if (is_escape(segment) && is_unreserved(escaped_char(segment))) {
      c = escaped_char(segment);
      used = 3;
    }
    out[size++] = c;
    segment.remove_prefix(used);
  }
  return size;
}

}  // namespace

bool may_need_normalising(std::string_view path) {
  return path.find('%') != std::string_view::npos || path.find("/.") != std::string_view::npos;
}

std::optional<std::size_t> normalise_path(char* path, std::size_t size) {
  const bool decodes = escapes_are_well_formed({path, size});
  std::size_t out = 0;
  for (std::size_t in = 0; in < size;) {
    const std::size_t begin = in + 1;  // behind the slash
    const std::string_view rest(path + begin, size - begin);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    in = begin + segment.size();
    const int count = dots(segment);
    if (count == 2) {
      if (out == 0) return std::nullopt;
      do --out;
      while (path[out] != '/');
    }
    if (count > 0) {
      // A directory's own name ends in a slash.
      if (in == size) path[out++] = '/';
      continue;
    }
    path[out++] = '/';
    if (decodes) {
      out += write_decoded(segment, path + out);
    } else {
      std::memmove(path + out, segment.data(), segment.size());
      out += segment.size();
    }
  }
  // The malformed escape may have gone with a segment, and then hid nothing.
  const bool is_well_formed_now = !decodes && escapes_are_well_formed({path, out});
  return is_well_formed_now ? normalise_path(path, out) : out;
}

}  // namespace ficus::proxy::http
