// What is accepted is accepted again after it was written for a backend, with the same meaning; and
// where the input is cut changes nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/http/max_forwards.h"
#include "proxy/http/request_head.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy::http;

constexpr HeadLimits kLimits{2048, 20, 256};

void check_cut(std::string_view whole, std::size_t cut, const ParseOutcome& expected) {
  const std::vector<char> bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
  RequestHead head;
  const ParseOutcome outcome = parse_request_head({bytes.data(), bytes.size()}, kLimits, head);
  if (outcome.status == ParseStatus::fault) {
    FUZZ_CHECK(expected.status == ParseStatus::fault);
    FUZZ_CHECK(outcome.fault.detail == expected.fault.detail);
  } else if (outcome.status == ParseStatus::complete) {
    FUZZ_CHECK(expected.status == ParseStatus::complete);
  }
}

void check_views(const RequestHead& head, std::string_view input) {
  const auto inside = [input](std::string_view view) {
    return view.empty() || (view.data() >= input.data() &&
                            view.data() + view.size() <= input.data() + input.size());
  };
  FUZZ_CHECK(head.size <= input.size());
  FUZZ_CHECK(inside(head.method_text()) && inside(head.host()) && inside(head.query()));
  for (const Field& field : head.fields) {
    FUZZ_CHECK(inside(head.name(field)) && inside(head.value(field)));
    FUZZ_CHECK(!head.name(field).empty());
    FUZZ_CHECK(head.value(field).find_first_of(std::string_view("\0\r\n", 3)) ==
               std::string_view::npos);
  }
}

// Names and values of what must arrive unchanged.
std::vector<std::string> end_to_end(const RequestHead& head) {
  std::vector<std::string> result;
  for (const Field& field : head.fields) {
    if (field.dropped || field.id == HeaderId::host || field.id == HeaderId::content_length ||
        field.id == HeaderId::transfer_encoding || field.id == HeaderId::x_forwarded_for ||
        field.id == HeaderId::x_forwarded_host || field.id == HeaderId::x_forwarded_proto) {
      continue;
    }
    result.push_back(std::string(head.name(field)) + ":" + std::string(head.value(field)));
  }
  return result;
}

void check_sent_on(const RequestHead& head) {
  UpstreamHeadContext context;
  context.client_ip = "192.0.2.1";
  context.default_host = "backend.example";
  HeadBuffer out;
  write_upstream_head(head, context, out);
  const HeadLimits limits{64 * 1024, 200, 64 * 1024};
  RequestHead again;
  const ParseOutcome outcome = parse_request_head(out.view(), limits, again);
  FUZZ_CHECK(outcome.status == ParseStatus::complete);
  FUZZ_CHECK(again.size == out.size());
  FUZZ_CHECK(again.method_text() == head.method_text());
  FUZZ_CHECK(again.minor_version == 1 && again.keep_alive);
  FUZZ_CHECK(again.path() == head.path() && again.query() == head.query());
  FUZZ_CHECK(head.host().empty() || again.host() == head.host());
  FUZZ_CHECK(again.framing == head.framing && again.content_length == head.content_length);
  FUZZ_CHECK(again.expect_continue == head.expect_continue && again.upgrade == head.upgrade);
  FUZZ_CHECK(end_to_end(again) == end_to_end(head));
  FUZZ_CHECK(std::all_of(again.fields.begin(), again.fields.end(), [](const Field& field) {
    return field.canonical && field.id != HeaderId::x_ficus && field.id != HeaderId::keep_alive;
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  const ParseOutcome outcome = parse_request_head(input, kLimits, head);
  check_cut(input, size / 2, outcome);
  check_cut(input, size == 0 ? 0 : size - 1, outcome);
  if (size > 2) check_cut(input, (data[size - 1] * size) >> 8, outcome);
  if (outcome.status == ParseStatus::fault) {
    FUZZ_CHECK(outcome.fault.status >= 400 && !outcome.fault.detail.empty());
  } else if (outcome.status == ParseStatus::complete) {
    check_views(head, input);
    if (head.size > 0) {
      RequestHead cut;
      FUZZ_CHECK(parse_request_head(input.substr(0, head.size - 1), kLimits, cut).status ==
                 ParseStatus::incomplete);
    }
    check_sent_on(head);
    std::string counted(input);
    head.rebase(counted.data());
    if (count_hop(head, counted.data()) == Hops::left) check_sent_on(head);
  }
  return 0;
}
