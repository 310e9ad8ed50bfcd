#include "control/cli/demo/admin_calls.h"
#include "tests/support/catch.h"

using namespace ficus::control::demo;

namespace {

constexpr std::string_view kExposition =
    "# TYPE ficus_requests_total counter\n"
    "ficus_requests_total{route=\"plain\",side=\"new\",code=\"200\"} 40\n"
    "ficus_requests_total{route=\"plain\",side=\"new\",code=\"500\"} 2\n"
    "ficus_requests_total{route=\"plain\",side=\"legacy\",code=\"200\"} 1e3\n"
    "ficus_requests_total_of_another{route=\"plain\"} 7\n"
    "up 1";

}  // namespace

TEST_CASE("a sample is the sum over the labels that are not named") {
  CHECK(sample(kExposition, "ficus_requests_total", {{"side", "new"}}) == 42.0);
  CHECK(sample(kExposition, "ficus_requests_total", {{"side", "legacy"}, {"code", "200"}}) ==
        1000.0);
  CHECK(sample(kExposition, "up", {}) == 1.0);
}

TEST_CASE("a metric or label that is absent gives nothing rather than zero") {
  CHECK_FALSE(sample(kExposition, "ficus_requests", {}).has_value());
  CHECK_FALSE(sample(kExposition, "ficus_requests_total", {{"side", "old"}}).has_value());
  CHECK_FALSE(sample("", "up", {}).has_value());
}

TEST_CASE("an exposition that is cut anywhere is read without harm") {
  for (std::size_t size = 0; size <= kExposition.size(); ++size) {
    sample(kExposition.substr(0, size), "ficus_requests_total", {{"side", "new"}});
  }
}

TEST_CASE("a text member is found at any depth and unescaped") {
  CHECK(text_member(R"({"a":{"summary": "6 of \"6\" failed"}})", "summary") == "6 of \"6\" failed");
  CHECK_FALSE(text_member(R"({"summary":null})", "summary").has_value());
  CHECK_FALSE(text_member(R"({"summary":"cut)", "summary").has_value());
  CHECK_FALSE(text_member("", "summary").has_value());
}

TEST_CASE("a percentage is written in its shortest form") {
  CHECK(percent_text(50) == "50");
  CHECK(percent_text(0.5) == "0.5");
  CHECK(percent_text(0.25) == "0.25");
  CHECK(percent_text(0) == "0");
  CHECK(percent_text(100) == "100");
}
