#include "proxy/guard/outcome_epoch.h"

namespace ficus::proxy {
namespace {

StickyRamp make_ramp(const OutcomeEpoch::Terms& terms) {
  const std::uint64_t to = sticky_threshold(terms.weight);
  if (!terms.sticky || !terms.slow_start) return {to, to, terms.opened};
  return {terms.ramp_from.value_or(sticky_threshold(terms.previous)), to, terms.opened};
}

}  // namespace

OutcomeEpoch::OutcomeEpoch(const Terms& terms)
    : terms_(terms), slots_(terms.workers), ramp_(make_ramp(terms)) {
  slow_starting_.store(terms.sticky ? ramp_.running() : terms.slow_start,
                       std::memory_order_relaxed);
  threshold_.store(ramp_.threshold(), std::memory_order_relaxed);
}

bool OutcomeEpoch::admit_new_keyless(std::size_t worker) {
  Slot& slot = slots_[worker];
  if (slow_starting()) {
    const std::uint64_t full = sticky_threshold(terms_.weight);
    const std::uint64_t credit =
        slot.keyless_credit.load(std::memory_order_relaxed) + sticky_threshold_now();
    const bool admitted = credit >= full;
    slot.keyless_credit.store(admitted ? credit - full : credit, std::memory_order_relaxed);
    if (!admitted) return false;
  }
  add(slot.new_assigned);
  return true;
}

OutcomeEpoch::Sums OutcomeEpoch::sums() const {
  Sums result;
  for (const Slot& slot : slots_) {
    result.new_failure += slot.new_failure.load(std::memory_order_acquire);
    result.legacy_failure += slot.legacy_failure.load(std::memory_order_acquire);
  }
  for (const Slot& slot : slots_) {
    result.new_success += slot.new_success.load(std::memory_order_acquire);
    result.legacy_success += slot.legacy_success.load(std::memory_order_acquire);
  }
  result.new_assigned = assigned();
  return result;
}

void OutcomeEpoch::new_failure(std::size_t worker) {
  add(slots_[worker].new_failure);
  if (!terms_.sticky && slow_starting()) tokens_.give_back();
}

std::uint64_t OutcomeEpoch::assigned() const {
  std::uint64_t result = 0;
  for (const Slot& slot : slots_) result += slot.new_assigned.load(std::memory_order_acquire);
  return result;
}

bool OutcomeEpoch::advance_slow_start(SteadyTime now, std::optional<SteadyTime> last_failure) {
  if (!slow_starting()) return false;
  if (terms_.sticky) {
    ramp_.advance(now, sums().new_success, last_failure);
    threshold_.store(ramp_.threshold(), std::memory_order_relaxed);
    if (ramp_.running()) return false;
  } else if (!tokens_.enough(now)) {
    return false;
  }
  slow_starting_.store(false, std::memory_order_relaxed);
  return true;
}

double OutcomeEpoch::slow_start_progress() const {
  if (!slow_starting()) return 1;
  return terms_.sticky ? ramp_.progress() : 0;
}

}  // namespace ficus::proxy
