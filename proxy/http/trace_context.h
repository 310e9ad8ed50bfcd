#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ficus::proxy::http {

// A W3C trace context (https://www.w3.org/TR/trace-context/): the position of a request in a trace.
// Keeps its text, 55 characters; copyable.
class TraceContext {
 public:
  static constexpr std::size_t kTextSize = 55;

  // A valid traceparent (lower-case hex, non-zero ids; of later versions the known front part), or
  // nothing.
  static std::optional<TraceContext> parse(std::string_view traceparent);

  // A new, sampled trace from 192 random bits.
  static TraceContext begin(const std::array<std::uint64_t, 3>& random);

  std::string_view traceparent() const { return {text_.data(), text_.size()}; }
  std::string_view trace_id() const { return traceparent().substr(3, 32); }
  std::string_view span_id() const { return traceparent().substr(36, 16); }

 private:
  std::array<char, kTextSize> text_{};
};

}  // namespace ficus::proxy::http
