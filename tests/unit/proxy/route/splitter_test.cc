#include "proxy/route/splitter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

constexpr std::size_t kWindow = 10'000;

config::Weight weight_of(std::uint32_t basis_points) {
  return config::Weight::from_basis_points(basis_points).value();
}

// How far, in draws, the count of new ones was off the sum of the weights over any stretch so far.
class Debt {
 public:
  void add(config::Weight weight, Side side) {
    owed_ += weight.basis_points();
    if (side == Side::fresh) owed_ -= config::Weight::kFull;
    lowest_ = std::min(lowest_, owed_);
    highest_ = std::max(highest_, owed_);
  }
  double worst() const { return static_cast<double>(highest_ - lowest_) / config::Weight::kFull; }

 private:
  std::int64_t owed_ = 0;
  std::int64_t lowest_ = 0;
  std::int64_t highest_ = 0;
};

TEST_CASE("any 10,000 draws in a row are within one of the weight", "[splitter]") {
  const std::uint32_t basis_points =
      GENERATE(1u, 2u, 3u, 7u, 99u, 100u, 333u, 500u, 1'234u, 2'500u, 3'333u, 3'334u, 4'999u,
               5'000u, 5'001u, 6'667u, 7'500u, 9'000u, 9'500u, 9'999u);
  CAPTURE(basis_points);
  Random random(basis_points);
  Splitter splitter;
  std::vector<int> fresh_before{0};
  for (std::size_t i = 0; i < 5 * kWindow; ++i) {
    const bool fresh = splitter.draw(weight_of(basis_points), random) == Side::fresh;
    fresh_before.push_back(fresh_before.back() + (fresh ? 1 : 0));
  }
  int worst = 0;
  for (std::size_t end = kWindow; end < fresh_before.size(); ++end) {
    const int fresh = fresh_before[end] - fresh_before[end - kWindow];
    worst = std::max(worst, std::abs(fresh - static_cast<int>(basis_points)));
  }
  CHECK(worst <= 1);
}

TEST_CASE("every weight is kept to from the first draw on", "[splitter]") {
  Random random(11);
  for (std::uint32_t basis_points = 0; basis_points <= config::Weight::kFull; basis_points += 13) {
    Splitter splitter;
    Debt debt;
    for (int i = 0; i < 2'000; ++i) {
      const config::Weight weight = weight_of(basis_points);
      debt.add(weight, splitter.draw(weight, random));
    }
    CAPTURE(basis_points);
    REQUIRE(debt.worst() < 2);
  }
}

TEST_CASE("changes of weight, across one half too, neither favour nor starve a side",
          "[splitter]") {
  const std::uint32_t most_draws = GENERATE(1u, 2u, 5u, 40u, 3'000u);
  CAPTURE(most_draws);
  Random random(most_draws);
  Splitter splitter;
  Debt debt;
  for (int change = 0; change < 3'000; ++change) {
    const bool extreme = random.below(10) == 0;
    const config::Weight weight =
        weight_of(extreme ? random.below(2) * config::Weight::kFull : random.below(10'001));
    for (std::uint32_t left = 1 + random.below(most_draws); left > 0; --left) {
      debt.add(weight, splitter.draw(weight, random));
    }
  }
  CHECK(debt.worst() < 2);
}

TEST_CASE("nothing and everything are exact", "[splitter]") {
  Random random(3);
  Splitter splitter;
  for (int i = 0; i < 1'000; ++i) {
    splitter.draw(weight_of(5'000), random);
    REQUIRE(splitter.draw(weight_of(0), random) == Side::legacy);
    REQUIRE(splitter.draw(weight_of(10'000), random) == Side::fresh);
  }
}

TEST_CASE("each run holds one rare draw, at a place drawn uniformly", "[splitter]") {
  struct Row {
    std::uint32_t basis_points;
    Side rare;
  };
  const Row row = GENERATE(Row{1'000, Side::fresh}, Row{9'000, Side::legacy});
  constexpr std::size_t kRun = 10;
  constexpr int kRuns = 20'000;
  Random random(5);
  Splitter splitter;
  // The phase is random: find the cut that leaves one rare draw in each ten.
  std::vector<bool> rare;
  for (std::size_t i = 0; i < (kRuns + 1) * kRun; ++i) {
    rare.push_back(splitter.draw(weight_of(row.basis_points), random) == row.rare);
  }
  std::size_t cuts = 0;
  std::vector<double> places(kRun);
  for (std::size_t cut = 0; cut < kRun; ++cut) {
    std::vector<double> counts(kRun);
    bool one_each = true;
    for (std::size_t run = 0; run < kRuns && one_each; ++run) {
      const auto begin = rare.begin() + static_cast<std::ptrdiff_t>(cut + run * kRun);
      one_each = std::count(begin, begin + kRun, true) == 1;
      counts[static_cast<std::size_t>(std::find(begin, begin + kRun, true) - begin) % kRun] += 1;
    }
    if (!one_each) continue;
    ++cuts;
    places = counts;
  }
  REQUIRE(cuts == 1);
  double chi_square = 0;
  for (const double count : places) {
    constexpr double kExpected = static_cast<double>(kRuns) / kRun;
    chi_square += (count - kExpected) * (count - kExpected) / kExpected;
  }
  CHECK(chi_square < 27.9);  // 9 degrees of freedom, one in a thousand
}

TEST_CASE("the first draw of a splitter is new with the probability of the weight", "[splitter]") {
  const std::uint32_t basis_points = GENERATE(500u, 3'700u, 5'000u, 8'000u);
  CAPTURE(basis_points);
  Random random(17);
  constexpr int kSplitters = 40'000;
  int fresh = 0;
  for (int i = 0; i < kSplitters; ++i) {
    Splitter splitter;
    if (splitter.draw(weight_of(basis_points), random) == Side::fresh) ++fresh;
  }
  const double share = basis_points / 10'000.0;
  const double deviation = std::sqrt(share * (1 - share) / kSplitters);
  CHECK(std::abs(static_cast<double>(fresh) / kSplitters - share) < 4 * deviation);
}

TEST_CASE("GETs and POSTs that alternate both get their share", "[splitter]") {
  const std::uint32_t basis_points = GENERATE(100u, 1'000u, 5'000u, 7'500u);
  CAPTURE(basis_points);
  Random random(23);
  Splitter splitter;
  constexpr int kEach = 50'000;
  int gets = 0;
  int posts = 0;
  for (int i = 0; i < kEach; ++i) {
    if (splitter.draw(weight_of(basis_points), random) == Side::fresh) ++gets;
    if (splitter.draw(weight_of(basis_points), random) == Side::fresh) ++posts;
  }
  const double percent = basis_points / 100.0;
  CHECK(std::abs(gets * 100.0 / kEach - percent) < 1);
  CHECK(std::abs(posts * 100.0 / kEach - percent) < 1);
}

TEST_CASE("workers do not draw in step", "[splitter]") {
  Random one(1);
  Random two(2);
  Splitter first;
  Splitter second;
  int same = 0;
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    if (first.draw(weight_of(5'000), one) == second.draw(weight_of(5'000), two)) ++same;
  }
  CHECK(std::abs(same - kDraws / 2) < 300);
}

}  // namespace
}  // namespace ficus::proxy
