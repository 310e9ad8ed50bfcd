#include "proxy/worker_context.h"

#include <algorithm>

#include "proxy/exchange.h"

namespace ficus::proxy {
namespace {

constexpr std::size_t kSpareExchanges = 256;
constexpr std::uint64_t kFewestTurnedAway = 16;
constexpr std::uint64_t kMostTurnedAway = 256;

}  // namespace

WorkerContext::WorkerContext(std::size_t worker_index, std::size_t worker_count,
                             ConnectionCounts& counts, int first_not_for_traffic)
    : index(worker_index),
      workers(worker_count),
      descriptors_end(first_not_for_traffic),
      pool(loop, area, worker_index, descriptors_end),
      connection_counts(counts) {}

WorkerContext::~WorkerContext() = default;

void WorkerContext::install(SnapshotRef next) {
  if (snapshot) {
    for (const ListenerSettings& settings : snapshot->listeners) {
      if (next->listener(settings.state.get()) == nullptr) former_listeners_.push_back(settings);
    }
  }
  snapshot = std::move(next);
  std::erase_if(former_listeners_, [this](const ListenerSettings& former) {
    return snapshot->listener(former.state.get()) != nullptr;
  });
}

const ListenerSettings* WorkerContext::listener(const ListenerState* state) const {
  if (const ListenerSettings* settings = snapshot->listener(state)) return settings;
  const auto former = std::ranges::find_if(
      former_listeners_, [state](const auto& settings) { return settings.state.get() == state; });
  return former == former_listeners_.end() ? nullptr : &*former;
}

std::size_t WorkerContext::turned_away_most() const {
  const std::uint64_t served = snapshot->limits.max_connections / workers;
  return std::clamp(served / 8, kFewestTurnedAway, kMostTurnedAway);
}

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
