#include "proxy/route/pattern.h"

#include <string>

#include "proxy/route/condition.h"
#include "tests/support/catch.h"
#include "tests/unit/proxy/route/fake_request.h"

namespace ficus::proxy {
namespace {

using Fit = Pattern::Fit;

bool fits(const std::string& regex, std::string_view text, Fit fit = Fit::whole) {
  return Pattern::compile(regex, fit, {})->fits(text, 0);
}

TEST_CASE("a regex of a path fits the whole of it", "[pattern]") {
  CHECK(fits("/users/\\d+", "/users/42"));
  CHECK_FALSE(fits("/users/\\d+", "/users/42/x"));
  CHECK_FALSE(fits("/users/\\d+", "/x/users/42"));
  CHECK(fits("/a|/b.*", "/bcd"));
  CHECK_FALSE(fits("/a|/b.*", "/ab"));
  CHECK(fits("(?i)/CATALOG/.*\\.PHP", "/catalog/x.php"));
  CHECK(fits("/.*", std::string("/\xff\xfe")));
}

TEST_CASE("a regex of a value is found anywhere in it", "[pattern]") {
  CHECK(fits("(?i)googlebot|bingbot", "Mozilla/5.0 (compatible; BingBot/2.0)", Fit::anywhere));
  CHECK_FALSE(fits("^bot", "a bot", Fit::anywhere));
  CHECK(fits("^\\Q~x\\E$", "~x", Fit::anywhere));
}

TEST_CASE("a regex that cannot be one fits nothing", "[pattern]") {
  CHECK_FALSE(fits("(", "("));
  CHECK_FALSE(fits(std::string(5'000, 'a'), std::string(5'000, 'a')));
}

TEST_CASE("a hostile text takes no longer than a harmless one of its size", "[pattern]") {
  const std::string text = "/" + std::string(8'000, 'a') + "!";
  CHECK_FALSE(fits("/(a|aa|a?)*b", text));
  CHECK_FALSE(fits("/(.*)(.*)(.*)(.*)b", text));
}

TEST_CASE("a list of regexes says whether any fits, on each worker's copy", "[pattern]") {
  const PatternCopies copies = PatternCopies::of(4, 3);
  CHECK(copies.count == 3);
  std::vector<std::shared_ptr<const Pattern>> patterns;
  for (const char* regex : {"/a/\\d+", "/b/.*", ".*\\.php", "/c"}) {
    patterns.push_back(Pattern::compile(regex, Fit::whole, copies));
  }
  const PatternList list(patterns, copies);
  for (std::size_t worker = 0; worker < 8; ++worker) {
    CHECK(list.any_fits("/a/1", worker));
    CHECK(list.any_fits("/x.php", worker));
    CHECK_FALSE(list.any_fits("/a/x", worker));
    CHECK_FALSE(list.any_fits("/c/d", worker));
    CHECK(list[2].fits("/x.php", worker));
  }
  CHECK_FALSE(PatternList().any_fits("/a/1", 0));
}

TEST_CASE("many regexes have fewer copies", "[pattern]") {
  CHECK(PatternCopies::of(0, 0).count == 1);
  CHECK(PatternCopies::of(20, 64).count == 16);
  CHECK(PatternCopies::of(512, 64).count == 2);
  CHECK(PatternCopies::of(100'000, 64).count == 1);
}

TEST_CASE("a condition tries all lines of its field, and never fits an absent one", "[condition]") {
  const FakeHeaders headers{{"X-Tag", "one"}, {"x-tag", "two"}};
  const RequestView request = request_with(headers);
  const auto holds = [&](const std::string& name, const std::string& regex) {
    return Condition({name, regex, true}, {}).holds(request);
  };
  CHECK(holds("X-TAG", "^two$"));
  CHECK(holds("x-tag", "ne"));
  CHECK_FALSE(holds("x-tag", "three"));
  CHECK_FALSE(holds("X-Other", ".*"));
  CHECK_FALSE(holds("X-Other", ""));
  CHECK(Condition({"x-tag", "two"}, {}).holds(request));
  CHECK_FALSE(Condition({"x-tag", "tw"}, {}).holds(request));
}

}  // namespace
}  // namespace ficus::proxy
