// What the rules of a route read in a request (path, query, cookies, signed values, trace): any
// head gives one answer, normal forms are stable, and nobody is believed who cannot sign.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/path.h"
#include "proxy/http/request_head.h"
#include "proxy/http/trace_context.h"
#include "proxy/request_lookup.h"
#include "proxy/route/override.h"
#include "proxy/route/pin.h"
#include "proxy/route/sticky_key.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy;

constexpr std::int64_t kNowMs = 1'772'352'930'042;

void check_path(std::string_view path) {
  std::string text(path);
  if (text.empty() || text.front() != '/') text.insert(0, "/");
  const auto size = http::normalise_path(text.data(), text.size());
  if (!size) return;
  FUZZ_CHECK(*size > 0 && *size <= text.size());
  text.resize(*size);
  FUZZ_CHECK(text.front() == '/');
  std::string again = text;
  const auto second = http::normalise_path(again.data(), again.size());
  FUZZ_CHECK(second && *second == *size && again == text);
}

void check_trace(std::string_view value) {
  const auto trace = http::TraceContext::parse(value);
  if (!trace) return;
  FUZZ_CHECK(value.substr(0, 2) != "00" || trace->traceparent() == value);
  FUZZ_CHECK(trace->trace_id().size() == 32 && trace->span_id().size() == 16);
}

void check_rules(const RequestView& view) {
  const auto client = SocketAddress::parse("192.0.2.1", 0);
  CompiledOverride terms;
  terms.header = "X-Ficus-Side";
  terms.cookie = "ficus_side";
  terms.secret = "a secret that the input cannot know";
  FUZZ_CHECK(!override_side(terms, view, *client, kNowMs / 1000));
  const CompiledPin pin("shop", "a key that the input cannot know", std::chrono::seconds(60));
  FUZZ_CHECK(!pinned_side(pin, view, kNowMs, PinCheck::signature));
  (void)pinned_side(pin, view, kNowMs, PinCheck::none);
  const auto cookie = cookie_value(view.headers, "uid");
  if (cookie) FUZZ_CHECK(cookie->find(';') == std::string_view::npos);
  const auto parameter = query_value(view.query, "uid");
  if (parameter) FUZZ_CHECK(parameter->find('&') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  check_path(text);
  check_trace(text);
  http::RequestHead head;
  const auto outcome = http::parse_request_head(text, http::HeadLimits{}, head);
  if (outcome.status != http::ParseStatus::complete) return 0;
  head.rebase_and_normalise(text.data());
  check_trace(head.value(http::HeaderId::traceparent));
  check_rules(view_of(head));
  return 0;
}
