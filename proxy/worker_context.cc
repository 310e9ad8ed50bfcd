#include "proxy/worker_context.h"

#include <algorithm>

#include "proxy/exchange.h"

namespace ficus::proxy {
namespace {

constexpr std::size_t kSpareExchanges = 256;

}  // namespace

WorkerContext::WorkerContext(std::size_t worker_index, std::size_t worker_count,
                             ConnectionCounts& counts)
    : index(worker_index),
      workers(worker_count),
      pool(loop, area, worker_index),
      connection_counts(counts) {}

WorkerContext::~WorkerContext() = default;

ListenerState* WorkerContext::pin(const std::shared_ptr<ListenerState>& state) {
  if (std::ranges::find(pinned_listeners_, state) == pinned_listeners_.end()) {
    pinned_listeners_.push_back(state);
  }
  return state.get();
}

std::unique_ptr<Exchange> WorkerContext::take_exchange() {
  if (spare_exchanges_.empty()) return std::make_unique<Exchange>(*this);
  std::unique_ptr<Exchange> exchange = std::move(spare_exchanges_.back());
  spare_exchanges_.pop_back();
  return exchange;
}

void WorkerContext::give_back(std::unique_ptr<Exchange> exchange) {
  exchange->reset();
  if (spare_exchanges_.size() < kSpareExchanges) spare_exchanges_.push_back(std::move(exchange));
}

}  // namespace ficus::proxy
