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
  return is_enough(counts) &&
         static_cast<double>(counts.failures) > tau * static_cast<double>(counts.outcomes);
}

double PlainWindow::held(const Counts& counts, double tau) const {
  if (!is_enough(counts) || tau <= 0) return 0;
  return static_cast<double>(counts.failures) / (tau * static_cast<double>(counts.outcomes));
}

bool PlainWindow::is_enough(const Counts& counts) const {
  return counts.failures > 0 &&
         counts.outcomes >= static_cast<std::uint64_t>(std::max(0, settings_.min_requests));
}

}  // namespace ficus::proxy
