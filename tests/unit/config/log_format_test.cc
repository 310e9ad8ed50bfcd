#include "config/log_format.h"

#include "tests/support/catch.h"
#include "tests/unit/config/loading.h"

using namespace ficus::config;

namespace {

std::string access_log(const std::string& keys) {
  return told(with_line("access_log: {" + keys + "}"));
}

}  // namespace

TEST_CASE("a log format is split into fields and the text between them") {
  const auto parts = parse_log_format("{client} [{time}] {{x}} {status}");
  REQUIRE(parts.value);
  REQUIRE(parts.value->size() == 5);
  CHECK((*parts.value)[0].field == LogField::client);
  CHECK((*parts.value)[1].literal == " [");
  CHECK((*parts.value)[2].field == LogField::time);
  CHECK((*parts.value)[3].literal == "] {x} ");
  CHECK((*parts.value)[4].field == LogField::status);
}

TEST_CASE("every name of a log field can be written, and is written once") {
  for (const LogFieldName& one : log_field_names()) {
    CAPTURE(one.name);
    const auto parts = parse_log_format("{" + std::string(one.name) + "}");
    REQUIRE(parts.value);
    CHECK(parts.value->front().field == one.field);
  }
}

TEST_CASE("a log format with a fault is told with what is possible") {
  CHECK_THAT(access_log("path: /a, format: \"{clent}\""),
             ContainsSubstring("has the unknown field `clent`; did you mean `client`?"));
  CHECK_THAT(access_log("path: /a, format: \"{zzzzzzzzz}\""),
             ContainsSubstring("; known: time time_common request_id"));
  CHECK_THAT(access_log("path: /a, format: \"{client\""),
             ContainsSubstring("has a `{` without a `}`"));
  CHECK_THAT(access_log("path: /a, format: \"client}\""),
             ContainsSubstring("has a `}` without a `{`"));
  CHECK_THAT(access_log("path: /a, format: \"client\""), ContainsSubstring("has no {field}"));
  CHECK_THAT(access_log("path: /a, format: \"{client}\\n\""),
             ContainsSubstring("has a control character"));
  CHECK_THAT(access_log("path: /a, format: \"\""), ContainsSubstring("empty"));
}

TEST_CASE("a log needs an absolute path and a share of percent") {
  CHECK_THAT(access_log("format: json"), ContainsSubstring("`path` is missing"));
  CHECK_THAT(access_log("path: access.log"), ContainsSubstring("is not an absolute path"));
  CHECK_THAT(access_log("path: /a, sample_percent: 101"), ContainsSubstring("is more than"));
  CHECK(access_log("path: /a, sample_percent: 0.25, format: json").empty());
}
