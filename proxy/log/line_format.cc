#include "proxy/log/line_format.h"

#include "proxy/log/line_writer.h"

namespace ficus::proxy {
namespace {

using config::LogField;

// Of a JSON line: all keys, times, numbers, the words of sides, reasons and errors.
constexpr std::size_t kFixed = 1024;

std::string_view without_query(std::string_view line) { return line.substr(0, line.find('?')); }

std::string_view protocol(const LogRecord& record) {
  if (record.minor_version < 0) return "";  // not null: it is copied
  return record.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

template <std::size_t kSize>
void key(LineWriter& out, const char (&text)[kSize]) {
  out.raw(std::string_view(text, kSize - 1));
}

template <std::size_t kSize>
void string(LineWriter& out, const char (&before)[kSize], std::string_view value) {
  if (value.empty()) return;
  key(out, before);
  out.json(value);
  out.raw('"');
}

// A value that needs no escapes: our own words, hexadecimal digits, addresses, tokens.
template <std::size_t kSize>
void word(LineWriter& out, const char (&before)[kSize], std::string_view value) {
  if (value.empty()) return;
  key(out, before);
  out.raw(value);
  out.raw('"');
}

template <std::size_t kSize>
void millis(LineWriter& out, const char (&before)[kSize], std::int64_t micros) {
  if (micros == kNotMeasured) return;
  key(out, before);
  out.millis(micros);
}

void json_try(LineWriter& out, const LogTry& one) {
  key(out, R"({"side":")");
  out.raw(text(one.side));
  out.raw('"');
  string(out, R"(,"endpoint":")", one.endpoint);
  if (one.status != 0) {
    key(out, R"(,"status":)");
    out.number(static_cast<std::uint64_t>(one.status));
  }
  if (one.error != ErrorKind::none) word(out, R"(,"error":")", text(one.error));
  millis(out, R"(,"duration_ms":)", one.duration_us);
  out.raw('}');
}

LogTry second_try(const LogRecord& record) {
  const std::int64_t before = record.first_try->duration_us;
  const bool known = record.duration_us != kNotMeasured && before != kNotMeasured;
  return {record.side, record.endpoint, record.error, record.status,
          known ? record.duration_us - before : kNotMeasured};
}

// "new 10.0.0.9:9001 503 status"; unknown parts are "-".
void text_try(LineWriter& out, const LogTry& one) {
  out.raw(text(one.side));
  out.raw(' ');
  if (one.endpoint.empty()) {
    out.raw('-');
  } else {
    out.quoted(one.endpoint);
  }
  out.raw(' ');
  out.number(static_cast<std::uint64_t>(one.status));
  out.raw(' ');
  out.raw(one.error == ErrorKind::none ? std::string_view("-") : text(one.error));
}

void text_tries(LineWriter& out, const LogRecord& record) {
  if (!record.first_try) return out.raw('-');
  text_try(out, *record.first_try);
  out.raw(", ");
  text_try(out, second_try(record));
}

void text_request(LineWriter& out, const LogRecord& record) {
  if (!record.first_line.empty()) return out.quoted(record.first_line);
  out.quoted(record.method);
  out.raw(' ');
  out.quoted(record.path);
  if (!record.query.empty()) {
    out.raw('?');
    out.quoted(record.query);
  }
  out.raw(' ');
  out.raw(protocol(record));
}

void text_target(LineWriter& out, const LogRecord& record) {
  if (record.path.empty()) return out.raw('-');
  out.quoted(record.path);
  if (record.query.empty()) return;
  out.raw('?');
  out.quoted(record.query);
}

void text_or_dash(LineWriter& out, std::string_view value) {
  if (value.empty()) return out.raw('-');
  out.quoted(value);
}

void millis_or_dash(LineWriter& out, std::int64_t micros) {
  if (micros == kNotMeasured) return out.raw('-');
  out.millis(micros);
}

std::string_view text_of(const LogRecord& record, LogField field) {
  switch (field) {
    case LogField::request_id:
      return record.request_id;
    case LogField::trace_id:
      return record.trace_id;
    case LogField::client:
      return record.client;
    case LogField::method:
      return record.method;
    case LogField::host:
      return record.host;
    case LogField::path:
      return record.path;
    case LogField::query:
      return record.query;
    case LogField::protocol:
      return protocol(record);
    case LogField::route:
      return record.route;
    case LogField::side:
      return record.route.empty() ? std::string_view() : text(record.side);
    case LogField::reason:
      return record.route.empty() ? std::string_view() : text(record.reason);
    case LogField::backend:
      return record.backend;
    case LogField::endpoint:
      return record.endpoint;
    case LogField::referer:
      return record.referer;
    case LogField::user_agent:
      return record.user_agent;
    case LogField::error:
      return record.error == ErrorKind::none ? std::string_view() : text(record.error);
    case LogField::fault:
      return fault_of(record.error);
    case LogField::detail:
      return record.detail;
    default:
      return {};
  }
}

void write_field(LineWriter& out, LogField field, const LogRecord& record, const LineClock& time) {
  switch (field) {
    case LogField::time:
      return out.raw(time.iso());
    case LogField::time_common:
      return out.raw(time.common());
    case LogField::status:
      return out.number(static_cast<std::uint64_t>(record.status));
    case LogField::bytes_in:
      return out.number(record.bytes_in);
    case LogField::bytes_out:
      return out.number(record.bytes_out);
    case LogField::duration_ms:
      return millis_or_dash(out, record.duration_us);
    case LogField::connect_ms:
      return millis_or_dash(out, record.connect_us);
    case LogField::first_byte_ms:
      return millis_or_dash(out, record.first_byte_us);
    case LogField::request:
      return text_request(out, record);
    case LogField::target:
      return text_target(out, record);
    case LogField::tries:
      return text_tries(out, record);
    default:
      return text_or_dash(out, text_of(record, field));
  }
}

// Bytes of the values that are copied; `tries` has two endpoints.
std::size_t texts(const LogRecord& record) {
  const std::size_t first_endpoint = record.first_try ? record.first_try->endpoint.size() : 0;
  return record.request_id.size() + record.trace_id.size() + record.client.size() +
         record.method.size() + record.host.size() + record.path.size() + record.query.size() +
         record.first_line.size() + record.route.size() + record.backend.size() +
         2 * record.endpoint.size() + first_endpoint + record.referer.size() +
         record.user_agent.size() + record.detail.size();
}

}  // namespace

LineFormat::LineFormat(std::string_view text) {
  if (text == config::kJsonLogFormat) return;
  parts_ = config::parse_log_format(text).value.value_or(std::vector<config::LogPart>{});
  for (const config::LogPart& part : parts_) literals_ += part.literal.size();
}

std::size_t LineFormat::most(const LogRecord& record) const {
  const std::size_t copied = texts(record) * LineWriter::kMostPerByte;
  if (parts_.empty()) return copied + kFixed;
  // A field may be named again and again.
  std::size_t fields = literals_ + 1;
  for (const config::LogPart& part : parts_) {
    switch (part.field) {
      case LogField::literal:
        break;
      case LogField::request:
      case LogField::target:
      case LogField::tries:
        fields += copied + 128;
        break;
      default:
        fields += text_of(record, part.field).size() * LineWriter::kMostPerByte + 32;
    }
  }
  return fields;
}

char* LineFormat::write(const LogRecord& record, const LineClock& time, char* out) const {
  return parts_.empty() ? write_json(record, time, out) : write_text(record, time, out);
}

char* LineFormat::write_json(const LogRecord& record, const LineClock& time, char* to) {
  LineWriter out(to);
  key(out, R"({"time":")");
  out.raw(time.iso());
  out.raw('"');
  string(out, R"(,"request_id":")", record.request_id);
  word(out, R"(,"trace_id":")", record.trace_id);
  word(out, R"(,"client":")", record.client);
  word(out, R"(,"method":")", record.method);
  string(out, R"(,"host":")", record.host);
  string(out, R"(,"path":")", record.path);
  string(out, R"(,"first_line":")", without_query(record.first_line));
  word(out, R"(,"protocol":")", protocol(record));
  key(out, R"(,"status":)");
  out.number(static_cast<std::uint64_t>(record.status));
  key(out, R"(,"bytes_in":)");
  out.number(record.bytes_in);
  key(out, R"(,"bytes_out":)");
  out.number(record.bytes_out);
  if (!record.route.empty()) {
    word(out, R"(,"route":")", record.route);
    word(out, R"(,"side":")", text(record.side));
    word(out, R"(,"reason":")", text(record.reason));
    word(out, R"(,"backend":")", record.backend);
    string(out, R"(,"endpoint":")", record.endpoint);
  }
  millis(out, R"(,"duration_ms":)", record.duration_us);
  millis(out, R"(,"connect_ms":)", record.connect_us);
  millis(out, R"(,"first_byte_ms":)", record.first_byte_us);
  string(out, R"(,"referer":")", record.referer);
  string(out, R"(,"user_agent":")", record.user_agent);
  if (record.error != ErrorKind::none) {
    word(out, R"(,"error":")", text(record.error));
    word(out, R"(,"fault":")", fault_of(record.error));
    string(out, R"(,"detail":")", record.detail);
  }
  if (record.first_try) {
    key(out, R"(,"tries":[)");
    json_try(out, *record.first_try);
    out.raw(',');
    json_try(out, second_try(record));
    out.raw(']');
  }
  out.raw("}\n");
  return out.end();
}

char* LineFormat::write_text(const LogRecord& record, const LineClock& time, char* to) const {
  LineWriter out(to);
  for (const config::LogPart& part : parts_) {
    if (part.field == LogField::literal) {
      out.raw(part.literal);
    } else {
      write_field(out, part.field, record, time);
    }
  }
  out.raw('\n');
  return out.end();
}

}  // namespace ficus::proxy
