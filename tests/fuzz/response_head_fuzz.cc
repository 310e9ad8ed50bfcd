// What is accepted from a backend is accepted again after it was written for a client, with the
// same meaning; and where the input is cut changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/http/redaction.h"
#include "proxy/http/response_head.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy::http;

constexpr HeadLimits kLimits{2048, 20, 256};

// What the answer is to, and how it is judged.
struct Terms {
  Method method = Method::get;
  ficus::config::Tolerance tolerance;
};

void check_cut(std::string_view whole, std::size_t cut, const Terms& terms,
               const ParseOutcome& expected) {
  const std::vector<char> bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
  ResponseHead head;
  const ParseOutcome outcome = parse_response_head({bytes.data(), bytes.size()}, kLimits,
                                                   terms.method, head, terms.tolerance);
  if (outcome.status == ParseStatus::fault) {
    FUZZ_CHECK(expected.status == ParseStatus::fault);
    FUZZ_CHECK(outcome.fault.detail == expected.fault.detail);
  } else if (outcome.status == ParseStatus::complete) {
    FUZZ_CHECK(expected.status == ParseStatus::complete);
  }
}

std::vector<std::string> end_to_end(const ResponseHead& head) {
  std::vector<std::string> result;
  for (const Field& field : head.fields) {
    if (field.dropped || field.id == HeaderId::content_length ||
        field.id == HeaderId::transfer_encoding || field.id == HeaderId::trailer) {
      continue;
    }
    result.push_back(std::string(head.name(field)) + ":" + std::string(head.value(field)));
  }
  return result;
}

void check_sent_on(const ResponseHead& head, Method method) {
  DownstreamHeadContext context;
  context.framing = head.framing;
  context.content_length = head.content_length;
  context.close = head.framing == Framing::until_close;
  HeadBuffer out;
  write_downstream_head(head, context, out);
  const HeadLimits limits{64 * 1024, 200, 64 * 1024};
  ResponseHead again;
  const ParseOutcome outcome = parse_response_head(out.view(), limits, method, again);
  FUZZ_CHECK(outcome.status == ParseStatus::complete);
  FUZZ_CHECK(again.size == out.size());
  FUZZ_CHECK(again.status == head.status && again.reason() == head.reason());
  FUZZ_CHECK(again.minor_version == 1 && again.upgrade == head.upgrade);
  FUZZ_CHECK(again.framing == head.framing && again.content_length == head.content_length);
  FUZZ_CHECK(head.upgrade || again.keep_alive == (head.framing != Framing::until_close));
  FUZZ_CHECK(end_to_end(again) == end_to_end(head));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Terms terms;
  terms.method = data[0] % 4 == 0 ? Method::head : Method::get;
  terms.tolerance = {(data[0] & 16) != 0, (data[0] & 32) != 0, (data[0] & 64) != 0};
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  ResponseHead head;
  const ParseOutcome outcome =
      parse_response_head(input, kLimits, terms.method, head, terms.tolerance);
  check_cut(input, input.size() / 2, terms, outcome);
  check_cut(input, (data[0] * input.size()) >> 8, terms, outcome);
  if (outcome.status == ParseStatus::fault) {
    FUZZ_CHECK(outcome.fault.status == 502 && !outcome.fault.detail.empty());
    FUZZ_CHECK(outcome.fault.rule != MalformedRule::none);
  } else if (outcome.status == ParseStatus::complete) {
    FUZZ_CHECK(head.size <= input.size());
    check_cut(input, head.size - 1, terms, outcome);
    check_sent_on(head, terms.method);
    FUZZ_CHECK(redacted_head(input.substr(0, head.size), 256).size() <= 256);
  }
  return 0;
}
