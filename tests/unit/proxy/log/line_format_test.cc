#include "proxy/log/line_format.h"

#include <string>

#include "proxy/log/line_clock.h"
#include "proxy/log/line_writer.h"
#include "tests/support/catch.h"

using namespace ficus;
using namespace ficus::proxy;

namespace {

constexpr std::int64_t kTime = 1'772'352'930'042;  // 2026-03-01T08:15:30.042Z

// Also holds the format to what it promised about the size.
std::string line(const LineFormat& format, const LogRecord& record) {
  LineClock clock;
  clock.set(kTime);
  const std::size_t most = format.most(record);
  std::string out(most, '\0');
  const char* end = format.write(record, clock, out.data());
  const auto size = static_cast<std::size_t>(end - out.data());
  CHECK(size <= most);
  out.resize(size);
  return out;
}

std::string json(std::string_view value) {
  std::string out(value.size() * LineWriter::kMostPerByte, '\0');
  LineWriter writer(out.data());
  writer.json(value);
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
  return out;
}

std::string text(std::string_view value) {
  std::string out(value.size() * LineWriter::kMostPerByte, '\0');
  LineWriter writer(out.data());
  writer.quoted(value);
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
  return out;
}

LogRecord good() {
  LogRecord record;
  record.request_id = "r1";
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.client = "192.0.2.7";
  record.method = "GET";
  record.host = "shop.example.com";
  record.path = "/catalog/42";
  record.query = "q=shoes";
  record.minor_version = 1;
  record.status = 200;
  record.bytes_in = 3;
  record.bytes_out = 1024;
  record.route = "catalog";
  record.side = Side::fresh;
  record.reason = SideReason::weight;
  record.backend = "new-shop";
  record.endpoint = "10.0.0.9:9001";
  record.duration_us = 12'345;
  record.connect_us = 0;
  record.first_byte_us = 11'007;
  record.referer = "https://shop.example.com/";
  record.user_agent = "curl/8.5";
  return record;
}

}  // namespace

TEST_CASE("a JSON line tells all that is known of a request, and never its query") {
  CHECK(line(LineFormat(), good()) ==
        R"({"time":"2026-03-01T08:15:30.042Z","request_id":"r1",)"
        R"("trace_id":"0af7651916cd43dd8448eb211c80319c","client":"192.0.2.7","method":"GET",)"
        R"("host":"shop.example.com","path":"/catalog/42","protocol":"HTTP/1.1","status":200,)"
        R"("bytes_in":3,"bytes_out":1024,"route":"catalog","side":"new","reason":"weight",)"
        R"("backend":"new-shop","endpoint":"10.0.0.9:9001","duration_ms":12.345,)"
        R"("connect_ms":0.000,"first_byte_ms":11.007,"referer":"https://shop.example.com/",)"
        R"("user_agent":"curl/8.5"})"
        "\n");
}

TEST_CASE("a JSON line leaves out what is not known") {
  LogRecord record;
  record.client = "192.0.2.7";
  record.first_line = "GET /a?token=secret HTTP/1.1";
  record.status = 400;
  record.error = ErrorKind::malformed_request;
  record.detail = "no colon in a field line";
  CHECK(line(LineFormat(), record) ==
        R"({"time":"2026-03-01T08:15:30.042Z","client":"192.0.2.7","first_line":"GET /a",)"
        R"("status":400,"bytes_in":0,"bytes_out":0,"error":"malformed_request","fault":"client",)"
        R"("detail":"no colon in a field line"})"
        "\n");
}

TEST_CASE("a JSON line of a fallback tells both tries") {
  LogRecord record = good();
  record.side = Side::legacy;
  record.endpoint = "10.0.0.5:9001";
  record.first_try = LogTry{Side::fresh, "10.0.0.9:9001", ErrorKind::status, 503, 2'000};
  CHECK_THAT(
      line(LineFormat(), record),
      ContainsSubstring(
          R"("tries":[{"side":"new","endpoint":"10.0.0.9:9001","status":503,"error":"status",)"
          R"("duration_ms":2.000},{"side":"legacy","endpoint":"10.0.0.5:9001","status":200,)"
          R"("duration_ms":10.345}]})"));
}

TEST_CASE("the text of nginx's combined format gives nginx's line") {
  const LineFormat combined(
      R"({client} - - [{time_common}] "{request}" {status} {bytes_out} "{referer}" "{user_agent}")");
  CHECK(line(combined, good()) ==
        R"(192.0.2.7 - - [01/Mar/2026:08:15:30 +0000] "GET /catalog/42?q=shoes HTTP/1.1" 200 1024 )"
        R"("https://shop.example.com/" "curl/8.5")"
        "\n");
  LogRecord bare;
  bare.client = "192.0.2.7";
  bare.first_line = "\x16\x03\x01";
  bare.status = 400;
  CHECK(line(combined, bare) ==
        R"(192.0.2.7 - - [01/Mar/2026:08:15:30 +0000] "\x16\x03\x01" 400 0 "-" "-")"
        "\n");
}

TEST_CASE("every field of the text format is written, and a dash where nothing is known") {
  std::string all;
  for (const config::LogFieldName& one : config::log_field_names()) {
    all += std::string(one.name) + "={" + std::string(one.name) + "};";
  }
  LogRecord record = good();
  record.error = ErrorKind::reset;
  record.detail = "gone";
  record.first_try = LogTry{Side::fresh, "10.0.0.9:9001", ErrorKind::connect_timeout, 0, 1'000};
  CHECK(line(LineFormat(all), record) ==
        "time=2026-03-01T08:15:30.042Z;time_common=01/Mar/2026:08:15:30 +0000;request_id=r1;"
        "trace_id=0af7651916cd43dd8448eb211c80319c;client=192.0.2.7;method=GET;"
        "host=shop.example.com;path=/catalog/42;query=q=shoes;target=/catalog/42?q=shoes;"
        "protocol=HTTP/1.1;request=GET /catalog/42?q=shoes HTTP/1.1;status=200;bytes_in=3;"
        "bytes_out=1024;route=catalog;side=new;reason=weight;backend=new-shop;"
        "endpoint=10.0.0.9:9001;duration_ms=12.345;connect_ms=0.000;first_byte_ms=11.007;"
        "referer=https://shop.example.com/;user_agent=curl/8.5;error=reset;fault=upstream;"
        "detail=gone;tries=new 10.0.0.9:9001 0 connect_timeout, new 10.0.0.9:9001 200 reset;\n");
  const std::string nothing = line(LineFormat(all), LogRecord{});
  CHECK_THAT(nothing, ContainsSubstring("request_id=-;"));
  CHECK_THAT(nothing, ContainsSubstring("side=-;reason=-;backend=-;"));
  CHECK_THAT(nothing, ContainsSubstring("duration_ms=-;"));
  CHECK_THAT(nothing, ContainsSubstring("tries=-;\n"));
}

TEST_CASE("each single byte is escaped as its place needs it, wherever it stands") {
  for (int value = 0; value < 256; ++value) {
    CAPTURE(value);
    const char byte = static_cast<char>(value);
    std::string in_json(1, byte);
    std::string in_text(1, byte);
    constexpr char kDigits[] = "0123456789abcdef";
    const std::string hex{kDigits[value / 16], kDigits[value % 16]};
    if (byte == '"' || byte == '\\') {
      in_json = std::string("\\") + byte;
      in_text = "\\x" + hex;
    } else if (value < 0x20 || value >= 0x7f) {
      in_json = "\\u00" + hex;
      in_text = "\\x" + hex;
    }
    for (const std::size_t before : {0u, 1u, 7u, 8u, 9u}) {
      const std::string left(before, 'a');
      const std::string value_text = left + byte + "bcdefghijk";
      CHECK(json(value_text) == left + in_json + "bcdefghijk");
      CHECK(text(value_text) == left + in_text + "bcdefghijk");
    }
  }
}

TEST_CASE("valid UTF-8 stays in JSON, what is cut, too long or a surrogate does not") {
  for (const std::string text : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd"}) {
    CAPTURE(text);
    CHECK(json(text) == text);
    CHECK(json("1234567" + text) == "1234567" + text);
    for (std::size_t size = 1; size < text.size(); ++size) {
      const std::string cut = json(text.substr(0, size) + "x");
      CHECK(cut.starts_with("\\u00"));
      CHECK(cut.back() == 'x');
    }
  }
  CHECK(json("\xc0\xaf") == "\\u00c0\\u00af");             // an overlong '/'
  CHECK(json("\xed\xa0\x80") == "\\u00ed\\u00a0\\u0080");  // a surrogate
  CHECK(json("\xf4\x90\x80\x80").starts_with("\\u00f4"));  // beyond U+10FFFF
  CHECK(json("\xe0\x80\x80") == "\\u00e0\\u0080\\u0080");
  CHECK(json("\x80") == "\\u0080");
}

TEST_CASE("the clock follows the second and bears a year beyond reason") {
  LineClock clock;
  clock.set(0);
  CHECK(clock.iso() == "1970-01-01T00:00:00.000Z");
  clock.set(999);
  CHECK(clock.iso() == "1970-01-01T00:00:00.999Z");
  clock.set(951'782'400'000);
  CHECK(clock.iso() == "2000-02-29T00:00:00.000Z");
  CHECK(clock.common() == "29/Feb/2000:00:00:00 +0000");
  clock.set(INT64_MAX);
  CHECK(clock.iso() == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("fault_of names whose doing each kind of error is") {
  CHECK(fault_of(ErrorKind::none).empty());
  CHECK(fault_of(ErrorKind::connect_failure) == "upstream");
  CHECK(fault_of(ErrorKind::overflow) == "upstream");
  CHECK(fault_of(ErrorKind::malformed_request) == "client");
  CHECK(fault_of(ErrorKind::not_supported) == "client");
  CHECK(fault_of(ErrorKind::draining) == "proxy");
  CHECK(fault_of(ErrorKind::internal) == "proxy");
}
