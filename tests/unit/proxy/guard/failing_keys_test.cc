#include "proxy/guard/failing_keys.h"

#include <chrono>

#include "proxy/guard/failure_log.h"
#include "proxy/guard/legacy_rate.h"
#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

SteadyTime at(seconds time) { return SteadyTime(time); }

TEST_CASE("few expected keys count for several failures each") {
  CHECK(counted_failures_per_key(0) == 30);
  CHECK(counted_failures_per_key(2) == 15);
  CHECK(counted_failures_per_key(20) == 2);
  CHECK(counted_failures_per_key(29) == 2);
  CHECK(counted_failures_per_key(30) == 1);
  CHECK(counted_failures_per_key(1e6) == 1);
}

TEST_CASE("counts a key's first failures in ten minutes and then again") {
  FailingKeys keys;
  CHECK(keys.count(7, at(seconds(0)), 2));
  CHECK(keys.count(7, at(seconds(1)), 2));
  CHECK_FALSE(keys.count(7, at(seconds(2)), 2));
  CHECK(keys.count(8, at(seconds(2)), 2));
  CHECK(keys.size(at(seconds(2))) == 2);
  CHECK_FALSE(keys.count(7, at(minutes(10) - seconds(1)), 2));
  CHECK(keys.count(7, at(minutes(10)), 2));
  CHECK(keys.size(at(minutes(15))) == 1);
  CHECK(keys.size(at(minutes(20))) == 0);
}

TEST_CASE("a newer key replaces the oldest when there are too many") {
  FailingKeys keys;
  for (std::uint64_t key = 0; key < FailingKeys::kMaxKeys; ++key) {
    keys.count(key, at(seconds(0)), 1);
  }
  CHECK_FALSE(keys.count(0, at(seconds(1)), 1));
  CHECK(keys.count(FailingKeys::kMaxKeys, at(seconds(1)), 1));
  CHECK(keys.size(at(seconds(1))) == FailingKeys::kMaxKeys);
  CHECK(keys.count(0, at(seconds(1)), 1));
}

TEST_CASE("keeps the first and the last twenty failures with their texts") {
  FailureLog log;
  for (int i = 0; i < 50; ++i) {
    std::string path = "/item/" + std::to_string(i);
    FailedExchange failure;
    failure.path = path;
    failure.client = static_cast<std::uint64_t>(i % 2);
    log.add(failure, at(seconds(i)));
    path.assign(path.size(), '-');
  }
  REQUIRE(log.first().size() == 20);
  REQUIRE(log.last().size() == 20);
  CHECK(log.first().front().path == "/item/0");
  CHECK(log.first().back().path == "/item/19");
  CHECK(log.last().front().path == "/item/30");
  CHECK(log.last().back().path == "/item/49");
  CHECK(log.clients(at(seconds(50))) == 2);
  CHECK(log.clients(at(minutes(11))) == 0);
}

TEST_CASE("a retrying client is not joined by the stray failures of others long before") {
  FailureLog log;
  FailedExchange failure;
  for (std::uint64_t client = 1; client <= 5; ++client) {
    failure.client = client;
    log.add(failure, at(seconds(0)));
  }
  failure.client = 99;
  for (int i = 0; i < 20; ++i) log.add(failure, at(seconds(10)));
  CHECK(log.clients(at(seconds(10))) == 1);
}

TEST_CASE("legacy's rate is unknown below a thousand outcomes") {
  LegacyRate legacy;
  legacy.add(at(seconds(0)), 990, 9);
  CHECK_FALSE(legacy.rate());
  legacy.add(at(seconds(1)), 0, 1);
  CHECK(legacy.rate().value() == Approx(0.01));
}

TEST_CASE("legacy's rate forgets what is older than ten minutes if a thousand remain") {
  LegacyRate legacy;
  legacy.add(at(seconds(0)), 0, 1000);
  legacy.add(at(minutes(11)), 999, 0);
  CHECK(legacy.rate().value() == Approx(1000.0 / 1999));
  legacy.add(at(minutes(11)), 1, 0);
  CHECK(legacy.rate().value() == Approx(0));
}

}  // namespace
}  // namespace ficus::proxy
