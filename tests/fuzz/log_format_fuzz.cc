// The first line of the input as a format of the access log, the rest as what a request tells: a
// line is no longer than promised, and one line, whatever the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/log_format.h"
#include "proxy/log/line_format.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus;
using namespace ficus::proxy;

LogRecord record_of(std::string_view bytes) {
  LogRecord record;
  const auto take = [&bytes] {
    const std::size_t size = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
    const std::string_view part = bytes.substr(0, size);
    bytes.remove_prefix(std::min(size, bytes.size()));
    return part;
  };
  // Others are our own words, or were judged before they came here: names, tokens, addresses.
  record.method = "GET";
  record.route = record.backend = "shop";
  for (std::string_view* field :
       {&record.first_line, &record.request_id, &record.host, &record.path, &record.query,
        &record.referer, &record.user_agent, &record.detail, &record.endpoint}) {
    *field = take();
  }
  if (!bytes.empty()) {
    record.status = static_cast<unsigned char>(bytes.front()) * 4;
    record.minor_version = bytes.front() % 3;
    record.duration_us = bytes.front() % 2 == 0 ? kNotMeasured : INT64_MAX;
    record.bytes_out = bytes.front() % 2 == 0 ? 0 : UINT64_MAX;
    LogTry first;
    first.endpoint = bytes;
    record.first_try = first;
  }
  return record;
}

void check_line(const LineFormat& format, const LogRecord& record) {
  LineClock clock;
  clock.set(1'772'352'930'042);
  const std::size_t most = format.most(record);
  std::string out(most, '\0');
  const char* const end = format.write(record, clock, out.data());
  FUZZ_CHECK(end > out.data() && end <= out.data() + most);
  out.resize(static_cast<std::size_t>(end - out.data()));
  FUZZ_CHECK(out.back() == '\n');
  out.pop_back();
  FUZZ_CHECK(std::none_of(out.begin(), out.end(),
                          [](char c) { return static_cast<unsigned char>(c) < ' '; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, line);
  const LogRecord record = record_of(input.substr(std::min(line + 1, input.size())));
  check_line(LineFormat{}, record);
  const auto parsed = config::parse_log_format(text);
  FUZZ_CHECK(parsed.value.has_value() == parsed.problem.empty());
  if (!parsed.value) return 0;
  FUZZ_CHECK(!parsed.value->empty());
  bool after_literal = false;
  for (const config::LogPart& part : *parsed.value) {
    const bool is_literal = part.field == config::LogField::literal;
    FUZZ_CHECK(is_literal == !part.literal.empty());
    FUZZ_CHECK(!(is_literal && after_literal));
    after_literal = is_literal;
  }
  check_line(LineFormat(text), record);
  return 0;
}
