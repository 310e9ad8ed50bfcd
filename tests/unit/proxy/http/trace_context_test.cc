#include "proxy/http/trace_context.h"

#include <string>

#include "tests/support/catch.h"

namespace ficus::proxy::http {
namespace {

const std::string kValid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST_CASE("a valid traceparent is read into its parts") {
  const auto context = TraceContext::parse(kValid);
  REQUIRE(context);
  CHECK(context->traceparent() == kValid);
  CHECK(context->trace_id() == "0af7651916cd43dd8448eb211c80319c");
  CHECK(context->span_id() == "b7ad6b7169203331");
}

TEST_CASE("an invalid traceparent is none") {
  const auto with = [](std::size_t at, const std::string& text) {
    std::string result = kValid;
    return result.replace(at, text.size(), text);
  };
  CHECK_FALSE(TraceContext::parse(""));
  CHECK_FALSE(TraceContext::parse(kValid.substr(0, 54)));
  CHECK_FALSE(TraceContext::parse(kValid + "-x"));
  CHECK_FALSE(TraceContext::parse(with(0, "ff")));
  CHECK_FALSE(TraceContext::parse(with(0, "0A")));
  CHECK_FALSE(TraceContext::parse(with(2, "_")));
  CHECK_FALSE(TraceContext::parse(with(3, "A")));
  CHECK_FALSE(TraceContext::parse(with(3, std::string(32, '0'))));
  CHECK_FALSE(TraceContext::parse(with(35, "_")));
  CHECK_FALSE(TraceContext::parse(with(36, std::string(16, '0'))));
  CHECK_FALSE(TraceContext::parse(with(52, "_")));
  CHECK_FALSE(TraceContext::parse(with(54, "g")));
}

TEST_CASE("a traceparent of a later version goes on as the one known here") {
  const auto context = TraceContext::parse("cc" + kValid.substr(2, 51) + "ff-what-the-future");
  REQUIRE(context);
  CHECK(context->traceparent() == kValid);
  CHECK_FALSE(TraceContext::parse("cc" + kValid.substr(2) + "x"));
}

TEST_CASE("a trace that begins here is valid whatever the random bits") {
  CHECK(TraceContext::begin({0x0af7651916cd43dd, 0x8448eb211c80319c, 0xb7ad6b7169203331})
            .traceparent() == kValid);
  const TraceContext zero = TraceContext::begin({0, 0, 0});
  CHECK(TraceContext::parse(zero.traceparent()));
}

}  // namespace
}  // namespace ficus::proxy::http
