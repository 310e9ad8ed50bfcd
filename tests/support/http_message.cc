#include "tests/support/http_message.h"

#include <cstdlib>
#include <strings.h>

namespace ficus::tests {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The line from `at` without its end; moves `at` behind it. Nothing if it has no end yet.
std::optional<std::string_view> next_line(std::string_view bytes, std::size_t& at) {
  const std::size_t end = bytes.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(at, end - at);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  at = end + 1;
  return line;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// Reads fields up to the empty line; false if it is not there yet.
bool read_fields(std::string_view bytes, std::size_t& at, Fields& fields) {
  while (const auto line = next_line(bytes, at)) {
    if (line->empty()) return true;
    const std::size_t colon = line->find(':');
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view{} : line->substr(colon + 1);
    fields.emplace_back(line->substr(0, colon), trimmed(value));
  }
  return false;
}

bool read_chunks(std::string_view bytes, std::size_t& at, HttpMessage& message) {
  while (const auto line = next_line(bytes, at)) {
    const std::size_t size = std::strtoull(std::string(*line).c_str(), nullptr, 16);
    if (size == 0) return read_fields(bytes, at, message.trailers);
    message.body += bytes.substr(at, size);
    if (bytes.size() - at < size + 2) return false;
    at += size + 2;
  }
  return false;
}

enum class Framing { none, length, chunked, end_of_connection };

Framing framing_of(const HttpMessage& message, MessageKind kind) {
  const int status = message.status();
  if (kind == MessageKind::response_to_head) return Framing::none;
  if (kind == MessageKind::response && (status / 100 == 1 || status == 204 || status == 304)) {
    return Framing::none;
  }
  if (message.header("Transfer-Encoding")) return Framing::chunked;
  if (message.header("Content-Length")) return Framing::length;
  return kind == MessageKind::request ? Framing::none : Framing::end_of_connection;
}

enum class Input { more_may_come, ended };

// Reads one message; `complete` says whether it is whole, `used` how many bytes it took.
HttpMessage parse(std::string_view bytes, MessageKind kind, Input input, std::size_t& used) {
  HttpMessage message;
  used = bytes.size();
  std::size_t at = 0;
  const auto start = next_line(bytes, at);
  if (!start) return message;
  message.start_line = *start;
  if (!read_fields(bytes, at, message.headers)) return message;
  switch (framing_of(message, kind)) {
    case Framing::none:
      message.complete = true;
      break;
    case Framing::length: {
      const std::size_t length =
          std::strtoull(message.header("Content-Length")->c_str(), nullptr, 10);
      message.body = bytes.substr(at, length);
      message.complete = message.body.size() == length;
      at += message.body.size();
      break;
    }
    case Framing::chunked:
      message.complete = read_chunks(bytes, at, message);
      break;
    case Framing::end_of_connection:
      message.body = bytes.substr(at);
      message.complete = input == Input::ended;
      at = bytes.size();
      break;
  }
  if (message.complete) used = at;
  return message;
}

}  // namespace

int HttpMessage::status() const {
  if (!start_line.starts_with("HTTP/")) return 0;
  const std::size_t space = start_line.find(' ');
  return space == std::string::npos ? 0 : std::atoi(start_line.c_str() + space);
}

std::string HttpMessage::method() const { return start_line.substr(0, start_line.find(' ')); }

std::string HttpMessage::target() const {
  const std::size_t first = start_line.find(' ');
  if (first == std::string::npos) return {};
  return start_line.substr(first + 1, start_line.find(' ', first + 1) - first - 1);
}

std::optional<std::string> HttpMessage::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_word(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> HttpMessage::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : headers) {
    if (same_word(key, name)) values.push_back(value);
  }
  return values;
}

std::optional<HttpMessage> HttpReader::take(std::string& bytes) const {
  std::size_t used = 0;
  HttpMessage message = parse(bytes, kind_, Input::more_may_come, used);
  if (!message.complete) return std::nullopt;
  message.raw = bytes.substr(0, used);
  bytes.erase(0, used);
  return message;
}

HttpMessage HttpReader::take_at_end(std::string& bytes) const {
  std::size_t used = 0;
  HttpMessage message = parse(bytes, kind_, Input::ended, used);
  message.raw = bytes.substr(0, used);
  bytes.erase(0, used);
  return message;
}

}  // namespace ficus::tests
