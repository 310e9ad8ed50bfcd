#include "loadtests/support/message_reader.h"

#include <algorithm>
#include <charconv>
#include <strings.h>

namespace ficus::loadtests {
namespace {

bool equals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <typename Number>
bool parse_number(std::string_view text, Number& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

void MessageReader::start(std::string_view request_method) {
  state_ = State::head;
  head_.clear();
  line_.clear();
  request_method_ = request_method;
  length_ = remaining_ = body_bytes_ = 0;
  status_ = 0;
  has_length_ = chunked_ = expects_continue_ = false;
  keep_alive_ = true;
}

std::size_t MessageReader::feed(std::string_view data) {
  std::size_t taken = 0;
  while (taken < data.size() && state_ != State::done && state_ != State::bad) {
    const std::string_view rest = data.substr(taken);
    switch (state_) {
      case State::head:
        taken += feed_head(rest);
        break;
      case State::body:
      case State::chunk_data:
      case State::until_close:
        taken += feed_body(rest);
        break;
      default:
        taken += feed_line(rest);
    }
  }
  return taken;
}

void MessageReader::close() {
  if (state_ == State::until_close) {
    state_ = State::done;
    keep_alive_ = false;
  } else if (state_ != State::done && !untouched()) {
    state_ = State::bad;
  }
}

std::size_t MessageReader::feed_head(std::string_view data) {
  // The end may straddle two reads: search from three bytes before the new part.
  const std::size_t before = head_.size();
  head_.append(data);
  const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (head_.size() > 64 * 1024) state_ = State::bad;
    return data.size();
  }
  head_.resize(end + 4);
  const std::size_t taken = head_.size() - before;
  if (!parse_head()) {
    state_ = State::bad;
  } else if (kind_ == Kind::response && status_ >= 100 && status_ < 200 && status_ != 101) {
    const std::string method = request_method_;
    start(method);
  } else {
    choose_framing();
  }
  return taken;
}

bool MessageReader::parse_head() {
  std::string_view rest = head_;
  const std::string_view first = rest.substr(0, rest.find("\r\n"));
  if (kind_ == Kind::response) {
    if (first.size() < 12 || !first.starts_with("HTTP/1.")) return false;
    if (!parse_number(first.substr(9, 3), status_, 10)) return false;
    keep_alive_ = first[7] == '1';
  } else if (!first.ends_with("HTTP/1.1") && !first.ends_with("HTTP/1.0")) {
    return false;
  } else {
    keep_alive_ = first.back() == '1';
  }
  rest.remove_prefix(first.size() + 2);
  while (rest.size() > 2 && state_ != State::bad) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    parse_header_line(line);
    rest.remove_prefix(line.size() + 2);
  }
  return state_ != State::bad;
}

void MessageReader::parse_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    state_ = State::bad;
    return;
  }
  // Names are told apart by their length first: most lines cost one comparison of a number.
  const std::string_view name = line.substr(0, colon);
  if (name.size() == 14 && equals(name, "Content-Length")) {
    if (!parse_number(trimmed(line.substr(colon + 1)), length_, 10)) state_ = State::bad;
    has_length_ = true;
  } else if (name.size() == 17 && equals(name, "Transfer-Encoding")) {
    chunked_ = equals(trimmed(line.substr(colon + 1)), "chunked");
    if (!chunked_) state_ = State::bad;
  } else if (name.size() == 10 && equals(name, "Connection")) {
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equals(value, "close")) keep_alive_ = false;
    if (equals(value, "keep-alive")) keep_alive_ = true;
  } else if (name.size() == 6 && equals(name, "Expect")) {
    expects_continue_ = true;
  }
}

void MessageReader::choose_framing() {
  const bool bodiless =
      kind_ == Kind::response && (request_method_ == "HEAD" || status_ == 204 || status_ == 304);
  if (chunked_ && has_length_) {
    state_ = State::bad;
  } else if (bodiless) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    remaining_ = length_;
    state_ = length_ == 0 ? State::done : State::body;
  } else {
    state_ = kind_ == Kind::request ? State::done : State::until_close;
  }
}

std::size_t MessageReader::feed_body(std::string_view data) {
  std::size_t taken = data.size();
  if (state_ != State::until_close) {
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), remaining_));
    remaining_ -= taken;
  }
  if (body_sink_) body_sink_(body_bytes_, data.substr(0, taken));
  body_bytes_ += taken;
  if (state_ != State::until_close && remaining_ == 0) {
    state_ = state_ == State::body ? State::done : State::chunk_end;
  }
  return taken;
}

std::size_t MessageReader::feed_line(std::string_view data) {
  const std::size_t end = data.find('\n');
  const std::size_t taken = end == std::string_view::npos ? data.size() : end + 1;
  line_.append(data.substr(0, taken));
  if (line_.size() > 1024) state_ = State::bad;
  if (end == std::string_view::npos) return taken;
  if (!line_.ends_with("\r\n")) {
    state_ = State::bad;
  } else {
    line_.resize(line_.size() - 2);
    end_of_line();
  }
  line_.clear();
  return taken;
}

void MessageReader::end_of_line() {
  switch (state_) {
    case State::chunk_size:
      if (!parse_number(std::string_view(line_).substr(0, line_.find(';')), remaining_, 16)) {
        state_ = State::bad;
      } else {
        state_ = remaining_ == 0 ? State::trailer : State::chunk_data;
      }
      break;
    case State::chunk_end:
      state_ = line_.empty() ? State::chunk_size : State::bad;
      break;
    default:
      if (line_.empty()) state_ = State::done;
  }
}

std::string_view MessageReader::method() const {
  return std::string_view(head_).substr(0, head_.find(' '));
}

std::string_view MessageReader::target() const {
  const std::size_t begin = head_.find(' ') + 1;
  return std::string_view(head_).substr(begin, head_.find(' ', begin) - begin);
}

std::string_view MessageReader::header(std::string_view name) const {
  std::size_t at = head_.find("\r\n");
  while (at != std::string::npos && at + 2 < head_.size()) {
    const std::size_t begin = at + 2;
    at = head_.find("\r\n", begin);
    const std::string_view line = std::string_view(head_).substr(begin, at - begin);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return trimmed(line.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace ficus::loadtests
