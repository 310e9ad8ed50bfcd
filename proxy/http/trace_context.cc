#include "proxy/http/trace_context.h"

#include <algorithm>
#include <cstddef>

#include "proxy/http/hex_digits.h"

namespace ficus::proxy::http {

namespace {

constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kFlagsAt = 53;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// An id of zero is invalid; 0 as a random number is as good as any other.
std::uint64_t non_zero(std::uint64_t random) { return random == 0 ? 1 : random; }

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent) {
  if (traceparent.size() < kTextSize) return std::nullopt;
  const std::string_view text = traceparent.substr(0, kTextSize);
  const std::string_view version = text.substr(0, 2);
  const bool first_version = version == "00";
  if (!is_lower_hex(version) || version == "ff") return std::nullopt;
  if (traceparent.size() > kTextSize && (first_version || traceparent[kTextSize] != '-')) {
    return std::nullopt;
  }
  if (text[2] != '-' || text[kSpanIdAt - 1] != '-' || text[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  TraceContext context;
  std::copy(text.begin(), text.end(), context.text_.begin());
  const std::string_view flags = text.substr(kFlagsAt, 2);
  if (!is_lower_hex(context.trace_id()) || is_zero(context.trace_id()) ||
      !is_lower_hex(context.span_id()) || is_zero(context.span_id()) || !is_lower_hex(flags)) {
    return std::nullopt;
  }
  // Of a later version only the sampled flag is known to mean the same.
  if (!first_version) {
    const bool sampled = std::string_view("13579bdf").find(flags[1]) != std::string_view::npos;
    context.text_[0] = context.text_[1] = context.text_[kFlagsAt] = '0';
    context.text_[kFlagsAt + 1] = sampled ? '1' : '0';
  }
  return context;
}

TraceContext TraceContext::begin(const std::array<std::uint64_t, 3>& random) {
  TraceContext context;
  char* text = context.text_.data();
  std::copy_n("00-", 3, text);
  write_hex(random[0], text + kTraceIdAt);
  write_hex(non_zero(random[1]), text + kTraceIdAt + 16);
  text[kSpanIdAt - 1] = '-';
  write_hex(non_zero(random[2]), text + kSpanIdAt);
  std::copy_n("-01", 3, text + kFlagsAt - 1);
  return context;
}

}  // namespace ficus::proxy::http
