#include "proxy/outcome.h"

namespace ficus::proxy {

void Outcome::begin(const Context& context) {
  context_ = context;
  settled_ = context.choice.counting == Counting::nobody;
}

void Outcome::success() {
  if (settled_) return;
  settled_ = true;
  OutcomeEpoch& epoch = *context_.route->epoch;
  if (context_.choice.side == Side::legacy) {
    epoch.legacy_success(context_.worker);
  } else if (context_.choice.counting == Counting::full) {
    epoch.new_success(context_.worker);
  } else {
    epoch.new_uncounted(context_.worker);
  }
}

void Outcome::failure(FailedExchange exchange) {
  if (settled_) return;
  settled_ = true;
  OutcomeEpoch& epoch = *context_.route->epoch;
  if (context_.choice.side == Side::legacy) {
    epoch.legacy_failure(context_.worker);
    return;
  }
  exchange.assigned_at = context_.assigned_at;
  exchange.key = context_.choice.key;
  exchange.client = context_.client;
  context_.route->state->lane->new_failure(epoch, exchange, context_.worker);
}

void Outcome::nobody() {
  if (settled_) return;
  settled_ = true;
  if (context_.choice.side == Side::fresh) context_.route->epoch->new_uncounted(context_.worker);
}

}  // namespace ficus::proxy
