#include "proxy/guard/plain_window.h"

#include <algorithm>

namespace ficus::proxy {

PlainWindow::PlainWindow(const config::PlainWindow& settings)
    : settings_(settings), spacing_(std::max(std::chrono::milliseconds(1), settings.window / 64)) {}

void PlainWindow::sample(SteadyTime now, const Counts& totals) {
  while (samples_.size() > 1 && now - samples_[1].at >= settings_.window) samples_.pop_front();
  if (samples_.empty() || now - samples_.back().at >= spacing_) samples_.push_back({now, totals});
}

PlainWindow::Counts PlainWindow::within(SteadyTime now, const Counts& totals) const {
  Counts before;
  for (const Sample& sample : samples_) {
    if (now - sample.at < settings_.window) break;
    before = sample.totals;
  }
  return {totals.outcomes - std::min(totals.outcomes, before.outcomes),
          totals.failures - std::min(totals.failures, before.failures)};
}

bool PlainWindow::exceeds(const Counts& counts, double tau) const {
  return counts.failures > 0 &&
         counts.outcomes >= static_cast<std::uint64_t>(std::max(0, settings_.min_requests)) &&
         static_cast<double>(counts.failures) > tau * static_cast<double>(counts.outcomes);
}

}  // namespace ficus::proxy
