#include "proxy/route/splitter.h"

namespace ficus::proxy {
namespace {

constexpr std::uint32_t kFull = config::Weight::kFull;

// How many draws end a run that is `phase` far, at `share` a draw.
constexpr std::uint32_t draws_left(std::uint32_t phase, std::uint32_t share) {
  return (kFull - phase + share - 1) / share;
}

}  // namespace

Side Splitter::draw(config::Weight weight, Random& random) {
  const std::uint32_t fresh_share = weight.basis_points();
  if (fresh_share == 0) return Side::legacy;
  if (fresh_share == kFull) return Side::fresh;

  const Side rare = fresh_share > kFull / 2 ? Side::legacy : Side::fresh;
  const std::uint32_t share = rare == Side::fresh ? fresh_share : kFull - fresh_share;
  if (!begun_) {
    rare_ = rare;
    begin(share, random);
  } else if (rare_ != rare) {
    mirror();
  }
  return draw_rare(share, random) ? rare : other(rare);
}

// Begins in the middle of a run, as if draws had gone on for ever: the phase is uniform, and the
// run's rare draw is behind with the probability that its place is.
void Splitter::begin(std::uint32_t share, Random& random) {
  begun_ = true;
  const std::uint32_t phase = random.below(kFull);
  const std::uint32_t draws_behind = phase / share;
  const std::uint32_t draws = draws_behind + draws_left(phase, share);
  phase_ = static_cast<std::uint16_t>(phase);
  drawn_ = random.below(draws) < draws_behind;
}

// The rarer side is now the other one. Phase − drawn is what the rare side is owed; as the shares
// of both sides add up to whole draws, the other side is owed the opposite.
void Splitter::mirror() {
  rare_ = other(rare_);
  if (phase_ == 0) return;  // nothing owed: a run begins
  phase_ = static_cast<std::uint16_t>(kFull - phase_);
  drawn_ = !drawn_;
}

// Taking each draw with the probability 1 / draws left makes all places of the run equally likely,
// and needs no place to be kept over changes of the share.
bool Splitter::draw_rare(std::uint32_t share, Random& random) {
  const bool taken = !drawn_ && random.below(draws_left(phase_, share)) == 0;
  if (taken) drawn_ = true;
  std::uint32_t phase = phase_ + share;
  if (phase >= kFull) {
    phase -= kFull;
    drawn_ = false;
  }
  phase_ = static_cast<std::uint16_t>(phase);
  return taken;
}

}  // namespace ficus::proxy
