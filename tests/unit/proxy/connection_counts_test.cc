#include "proxy/connection_counts.h"

#include "tests/support/catch.h"

using ficus::proxy::ConnectionCounts;

TEST_CASE("connections are counted up to the limit, and again when one ended") {
  ConnectionCounts counts;
  CHECK(counts.take(2));
  CHECK(counts.take(2));
  CHECK_FALSE(counts.take(2));
  CHECK_FALSE(counts.take(1));
  counts.give_back();
  CHECK(counts.take(2));
  CHECK_FALSE(counts.take(2));
}

TEST_CASE("a client's limit is its own") {
  ConnectionCounts counts;
  constexpr std::uint64_t kOne = 0x1234'5678'9abc'def0;
  constexpr std::uint64_t kOther = 0x0fed'cba9'8765'4321;
  CHECK(counts.take_client(kOne, 1));
  CHECK_FALSE(counts.take_client(kOne, 1));
  CHECK(counts.take_client(kOther, 1));
  counts.give_back_client(kOne);
  CHECK(counts.take_client(kOne, 1));
}

TEST_CASE("a client that shares one slot with another is not mistaken for it") {
  ConnectionCounts counts;
  constexpr std::uint64_t kOne = 0x0000'0001'0000'0007;
  constexpr std::uint64_t kSameFirst = 0x0000'0002'0000'0007;
  constexpr std::uint64_t kSameSecond = 0x0000'0001'0000'0008;
  CHECK(counts.take_client(kOne, 1));
  CHECK(counts.take_client(kSameFirst, 1));
  CHECK(counts.take_client(kSameSecond, 2));
}
