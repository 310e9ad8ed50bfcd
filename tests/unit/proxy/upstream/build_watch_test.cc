#include "proxy/upstream/build_watch.h"

#include <chrono>

#include "tests/support/catch.h"

using namespace ficus::proxy;
using std::chrono::milliseconds;

namespace {

struct Reports : BuildSink {
  void build_seen(const BuildSighting& sighting) override { seen.push_back(sighting); }
  std::vector<BuildSighting> seen;
};

struct Fixture {
  Reports reports;
  BuildWatch watch{{"new", "X-Build"}, 2, &reports};
  SteadyTime now{std::chrono::seconds(1000)};

  void see(std::string_view value, std::size_t worker = 0) { watch.see(value, worker, now); }
  std::size_t count() const { return reports.seen.size(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a worker reports a build once, with backend and header") {
  for (int i = 0; i < 100; ++i) see("4f1c");
  REQUIRE(count() == 1);
  CHECK(reports.seen[0].backend == "new");
  CHECK(reports.seen[0].header == "X-Build");
  CHECK(reports.seen[0].build == "4f1c");
  see("4f1c", 1);
  CHECK(count() == 2);
}

TEST_CASE_METHOD(Fixture, "two builds that answer in turn are reported once each") {
  for (int i = 0; i < 100; ++i) see(i % 2 == 0 ? "a" : "b");
  CHECK(count() == 2);
}

TEST_CASE_METHOD(Fixture, "a value that is no build's name is not reported") {
  for (const char* value : {"", "a b", "a\tb", "gr\xc3\xb6\xc3\x9f\x65", "a\x7f", "\x01"})
    see(value);
  CHECK(count() == 0);
  see("a");
  see("");
  see("a");
  CHECK(count() == 1);
}

TEST_CASE_METHOD(Fixture, "a longer value is cut to 64 characters") {
  const std::string digest = "sha256:" + std::string(64, 'e');
  for (int i = 0; i < 3; ++i) see(digest);
  see(digest + "f");
  REQUIRE(count() == 1);
  CHECK(reports.seen[0].build == digest.substr(0, 64));
}

TEST_CASE_METHOD(Fixture, "of a header that changes with every answer few values are reported") {
  int number = 0;
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < 1000; ++i) see(std::to_string(++number));
    now += milliseconds(1000);
  }
  CHECK(count() == 10 * BuildWatch::kMostReports);
  // One that was passed over is reported when it comes again.
  see("1000");
  CHECK(reports.seen.back().build == "1000");
}

TEST_CASE("a watch without a sink does nothing") {
  BuildWatch watch({"new", "X-Build"}, 1, nullptr);
  watch.see("a", 0, {});
  CHECK(watch.header() == "X-Build");
}
