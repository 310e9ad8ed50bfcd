#include "proxy/route/random.h"

#include <array>
#include <cmath>
#include <set>
#include <string>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

TEST_CASE("the same seed gives the same numbers, another one others", "[random]") {
  Random one(42);
  Random same(42);
  Random other(43);
  const std::uint64_t first = one.next();
  CHECK(first == same.next());
  CHECK(first != other.next());
}

TEST_CASE("generators seeded by the kernel differ", "[random]") {
  Random one;
  Random two;
  CHECK(one.next() != two.next());
}

TEST_CASE("below() stays below and reaches every number evenly", "[random]") {
  Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
  CHECK(random.below(1) == 0);
}

TEST_CASE("identifiers are 32 hex digits and differ", "[random]") {
  Random random(9);
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const RandomHex id = random_hex(random);
    CHECK(id.text().size() == 32);
    CHECK(id.text().find_first_not_of("0123456789abcdef") == std::string_view::npos);
    seen.emplace(id.text());
  }
  CHECK(seen.size() == 10'000);
}

}  // namespace
}  // namespace ficus::proxy
