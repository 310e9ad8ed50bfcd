#include "proxy/guard/wealth.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <utility>

namespace ficus::proxy {
namespace {

constexpr double kHighestTau = 0.45;
constexpr double kLowestTau = 0.0001;
constexpr double kHighestAlternative = 0.9;

// Shares of a seed that bet on a rate of 2 tau, 5 tau and 90 %.
constexpr std::array<double, AbsoluteWealth::kComponents> kShares{0.3, 0.3, 0.4};

}  // namespace

double forgiven_rate(double max_error_rate, double legacy_rate) {
  return std::clamp(std::max(max_error_rate / 100, 2 * legacy_rate), kLowestTau, kHighestTau);
}

double stage_seed(std::uint32_t j) {
  const double stage = j;
  return 0.5 / ((stage + 1) * (stage + 2));
}

double failure_seed(std::uint64_t m) {
  constexpr double e = std::numbers::e;
  const auto count = static_cast<double>(m);
  // 1/ln(x) - 1/ln(x + 1), written so that nothing cancels for a large x.
  const double here = std::log(count + e);
  const double next = std::log(count + 1 + e);
  return 0.5 * std::log(1 + e) * std::log1p(1 / (count + e)) / (here * next);
}

void AbsoluteWealth::restart() {
  count_ = 0;
  closed_at_ = SteadyTime{};
  stages_ = 0;
  failures_ = 0;
}

void AbsoluteWealth::set_tau(double tau) {
  tau_ = std::clamp(tau, kLowestTau, kHighestTau);
  const std::array<double, kComponents> alternatives{std::min(2 * tau_, kHighestAlternative),
                                                     std::min(5 * tau_, kHighestAlternative),
                                                     kHighestAlternative};
  for (std::size_t i = 0; i < kComponents; ++i) {
    odds_[i] = {(1 - alternatives[i]) / (1 - tau_), alternatives[i] / tau_};
  }
}

void AbsoluteWealth::begin_epoch(SteadyTime at) {
  Layer all{at, {}};
  for (std::size_t layer = 0; layer < count_; ++layer) {
    for (std::size_t i = 0; i < kComponents; ++i) all.wealth[i] += layers_[layer].wealth[i];
  }
  layers_[0] = all;
  layers_[1] = {at, {}};
  count_ = 2;
  closed_at_ = at;
}

void AbsoluteWealth::enter_stage(SteadyTime at) {
  add_seed(stage_seed(stages_++), at);
  // Its layer is closed at once: in an open one its time would rise with the next failure's seed,
  // and what is on its way by then could not multiply it.
  begin_epoch(at);
}

void AbsoluteWealth::assigned(std::uint64_t count) {
  if (count == 0) return;
  for (std::size_t i = 0; i < kComponents; ++i) {
    const double factor =
        count == 1 ? odds_[i].success : std::pow(odds_[i].success, static_cast<double>(count));
    for (std::size_t layer = 0; layer < count_; ++layer) layers_[layer].wealth[i] *= factor;
  }
}

void AbsoluteWealth::failed(SteadyTime assigned_at) {
  for (std::size_t layer = 0; layer < count_ && layers_[layer].sown_at < assigned_at; ++layer) {
    for (std::size_t i = 0; i < kComponents; ++i) {
      layers_[layer].wealth[i] *= odds_[i].failure / odds_[i].success;
    }
  }
}

void AbsoluteWealth::forgiven(SteadyTime assigned_at) {
  for (std::size_t layer = 0; layer < count_ && layers_[layer].sown_at < assigned_at; ++layer) {
    for (std::size_t i = 0; i < kComponents; ++i) layers_[layer].wealth[i] /= odds_[i].success;
  }
}

void AbsoluteWealth::sow(SteadyTime assigned_at, SteadyTime now) {
  add_seed(failure_seed(++failures_), now);
  // One closing a round trip: a failure that was on its way when the last layer was closed closes
  // none, or a burst of them would use up all layers. The seed goes in before its layer is closed:
  // the first failure of a break must not wait in an open layer, whose time goes on rising.
  if (assigned_at > closed_at_) open_layer(now);
}

double AbsoluteWealth::total() const {
  double sum = 0;
  for (std::size_t layer = 0; layer < count_; ++layer) {
    for (const double wealth : layers_[layer].wealth) sum += wealth;
  }
  return sum;
}

void AbsoluteWealth::add_seed(double amount, SteadyTime at) {
  if (count_ == 0) {
    layers_[0] = {at, {}};
    count_ = 1;
  }
  Layer& open = layers_[count_ - 1];
  open.sown_at = std::max(open.sown_at, at);
  for (std::size_t i = 0; i < kComponents; ++i) open.wealth[i] += amount * kShares[i];
}

void AbsoluteWealth::open_layer(SteadyTime now) {
  closed_at_ = now;
  if (count_ == kMaxLayers) merge_closest(now);
  layers_[count_++] = {now, {}};
}

void AbsoluteWealth::merge_closest(SteadyTime now) {
  const auto age = [&](std::size_t layer) {
    return std::max(1e-9, std::chrono::duration<double>(now - layers_[layer].sown_at).count());
  };
  std::size_t older = 0;
  double closest = age(0) / age(1);
  for (std::size_t layer = 1; layer + 1 < count_; ++layer) {
    const double ratio = age(layer) / age(layer + 1);
    if (ratio < closest) {
      closest = ratio;
      older = layer;
    }
  }
  layers_[older].sown_at = layers_[older + 1].sown_at;
  for (std::size_t i = 0; i < kComponents; ++i) {
    layers_[older].wealth[i] += layers_[older + 1].wealth[i];
  }
  std::move(layers_.begin() + static_cast<std::ptrdiff_t>(older) + 2,
            layers_.begin() + static_cast<std::ptrdiff_t>(count_),
            layers_.begin() + static_cast<std::ptrdiff_t>(older) + 1);
  --count_;
}

}  // namespace ficus::proxy
