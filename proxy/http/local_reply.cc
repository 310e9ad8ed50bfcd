#include "proxy/http/local_reply.h"

#include <cstddef>

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

// Two sinks with the same writing functions, so that the length is known before the body.
class CountingSink {
 public:
  void append(std::string_view bytes) { size_ += bytes.size(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

// The size of a well-formed UTF-8 sequence at the front of `text`, or 0 (RFC 3629).
std::size_t utf8_size(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0u) != 0x80u) return 0;
  }
  const unsigned char second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return size;
}

template <typename Sink>
void write_json_string(std::string_view text, Sink& sink) {
  sink.append("\"");
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t size = utf8_size(text);
    if (size == 0) {
      sink.append("\\ufffd");
    } else if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', c};
      sink.append({escaped, sizeof escaped});
    } else if (is_control(c)) {
      const char escaped[] = {'\\', 'u', '0', '0', "01234567"[c >> 4], "0123456789abcdef"[c & 15]};
      sink.append({escaped, sizeof escaped});
    } else {
      sink.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  sink.append("\"");
}

template <typename Sink>
void write_number(int number, Sink& sink) {
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  const char digits[] = {digit(number / 100), digit(number / 10), digit(number)};
  sink.append({digits, sizeof digits});
}

std::string_view title_of(const LocalReply& reply) {
  return reply.title.empty() ? reason_phrase(reply.status) : reply.title;
}

template <typename Sink>
void write_problem(const LocalReply& reply, Sink& sink) {
  sink.append("{\"type\":\"about:blank\",\"title\":");
  write_json_string(title_of(reply), sink);
  sink.append(",\"status\":");
  write_number(reply.status, sink);
  if (!reply.detail.empty()) {
    sink.append(",\"detail\":");
    write_json_string(reply.detail, sink);
  }
  if (!reply.request_id.empty()) {
    sink.append(",\"request_id\":");
    write_json_string(reply.request_id, sink);
  }
  sink.append("}\n");
}

template <typename Sink>
void write_text_line(std::string_view label, std::string_view text, Sink& sink) {
  sink.append(label);
  for (std::size_t i = 0; i < text.size(); ++i) {
    sink.append(is_control(text[i]) ? std::string_view(" ") : text.substr(i, 1));
  }
  sink.append("\n");
}

template <typename Sink>
void write_text(const LocalReply& reply, Sink& sink) {
  write_number(reply.status, sink);
  write_text_line(" ", title_of(reply), sink);
  if (!reply.detail.empty()) write_text_line("", reply.detail, sink);
  if (!reply.request_id.empty()) write_text_line("request id: ", reply.request_id, sink);
}

template <typename Sink>
void write_body(const LocalReply& reply, ReplyFormat format, Sink& sink) {
  switch (format) {
    case ReplyFormat::problem_json:
      return write_problem(reply, sink);
    case ReplyFormat::text:
      return write_text(reply, sink);
    case ReplyFormat::empty:
      return;
  }
}

bool names_json(std::string_view media_type) {
  return equals_ignoring_case(media_type, "application/json") ||
         equals_ignoring_case(media_type, "application/problem+json") ||
         equals_ignoring_case(media_type, "application/*");
}

bool names_text(std::string_view media_type) {
  return equals_ignoring_case(media_type, "text/html") ||
         equals_ignoring_case(media_type, "text/plain") ||
         equals_ignoring_case(media_type, "text/*");
}

}  // namespace

ReplyFormat reply_format(std::string_view accept) {
  ListMembers members(accept);
  std::string_view member;
  bool text = false;
  while (members.next(member)) {
    const std::string_view media_type = trim_blanks(member.substr(0, member.find(';')));
    if (names_json(media_type)) return ReplyFormat::problem_json;
    text = text || names_text(media_type);
  }
  return text ? ReplyFormat::text : ReplyFormat::problem_json;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

// By hand, since strftime() asks the locale.
void append_http_date(std::time_t time, HeadBuffer& out) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto two_digits = [&out](int number) {
    out.append(static_cast<char>('0' + number / 10 % 10));
    out.append(static_cast<char>('0' + number % 10));
  };
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  out.append(kDays.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3));
  out.append(", ");
  two_digits(parts.tm_mday);
  out.append(' ');
  out.append(kMonths.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3));
  out.append(' ');
  two_digits((parts.tm_year + 1900) / 100);
  two_digits(parts.tm_year % 100);
  out.append(' ');
  two_digits(parts.tm_hour);
  out.append(':');
  two_digits(parts.tm_min);
  out.append(':');
  two_digits(parts.tm_sec);
  out.append(" GMT");
}

void write_local_reply(const LocalReply& reply, ReplyFormat format, HeadBuffer& out) {
  CountingSink body_size;
  write_body(reply, format, body_size);
  out.reserve(out.size() + 256 + body_size.size());
  out.append("HTTP/1.1 ");
  write_number(reply.status, out);
  out.append(' ');
  out.append(reason_phrase(reply.status));
  if (reply.date != 0) {
    out.append("\r\nDate: ");
    append_http_date(reply.date, out);
  }
  if (format == ReplyFormat::text) {
    out.append("\r\nContent-Type: text/plain; charset=utf-8");
  } else if (format == ReplyFormat::problem_json) {
    out.append("\r\nContent-Type: application/problem+json");
  }
  out.append("\r\nCache-Control: no-store\r\nContent-Length: ");
  out.append_number(body_size.size());
  if (reply.retry_after_seconds > 0) {
    out.append("\r\nRetry-After: ");
    out.append_number(reply.retry_after_seconds);
  }
  if (reply.close) {
    out.append("\r\nConnection: close");
  } else if (reply.client_minor_version == 0) {
    out.append("\r\nConnection: keep-alive");
  }
  out.append("\r\n\r\n");
  if (reply.request_method != Method::head) write_body(reply, format, out);
}

}  // namespace ficus::proxy::http
