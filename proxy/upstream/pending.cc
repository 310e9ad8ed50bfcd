// The part of the pool that keeps a backend's limit: who may open a connection, and who waits.
#include <algorithm>

#include "proxy/upstream/pool.h"

namespace ficus::proxy {

Lease PendingRequest::take(Care care) {
  granted_ = false;
  Pool& pool = *std::exchange(pool_, nullptr);
  backend_.reset();
  // It was handed over in an earlier turn: it may have ended since.
  if (lease_ && !lease_->still_good(care)) pool.close_for_another(lease_);
  return std::move(lease_);
}

void PendingRequest::leave() {
  if (pool_ == nullptr) return;
  Pool& pool = *std::exchange(pool_, nullptr);
  const std::shared_ptr<BackendState> backend = std::exchange(backend_, nullptr);
  if (!granted_) {
    PendingPlace::leave();
    pool.own(*backend).waiting.subtract();
    backend->end_waiting();
    return;
  }
  granted_ = false;
  if (lease_) {
    lease_.discard();
  } else {
    pool.release(*backend);
  }
}

bool Pool::others_wait(BackendState& backend) {
  return backend.waiting() > own(backend).queue.size();
}

bool Pool::over_share(BackendState& backend) {
  return others_wait(backend) &&
         own(backend).held.value() >= std::max<std::uint64_t>(1, backend.fair_share());
}

bool Pool::reserve(BackendState& backend) {
  if (backend.waiting() != 0 && (!own(backend).queue.empty() || over_share(backend))) return false;
  return backend.reserve();
}

bool Pool::wait(PendingRequest& pending, const std::shared_ptr<BackendState>& backend,
                Waiter& waiter) {
  BackendState::PerWorker& mine = own(*backend);
  if (!backend->begin_waiting()) {
    mine.overflows.add();
    return false;
  }
  pending.pool_ = this;
  pending.backend_ = backend;
  pending.waiter_ = &waiter;
  pending.granted_ = false;
  mine.queue.push(pending);
  mine.waiting.add();
  if (std::ranges::find(awaited_, backend) == awaited_.end()) awaited_.push_back(backend);
  // What came free between the look at the limit and this: nobody knew then that we wait.
  if (!over_share(*backend)) grant(*backend);
  if (!pending.granted()) call_for_help(backend);
  look_at(loop_.now() + kLookForRoom);
  return true;
}

void Pool::give(PendingRequest& pending) {
  BackendState& backend = *pending.backend_;
  static_cast<PendingPlace&>(pending).leave();
  own(backend).waiting.subtract();
  backend.end_waiting();
  pending.granted_ = true;
  // Not at once: the caller is in the middle of ending another exchange.
  pending.waiter_->yield();
}

// Lets those who wait here open connections, as far as the limit goes.
void Pool::grant(BackendState& backend) {
  PendingQueue& queue = own(backend).queue;
  while (!queue.empty() && backend.reserve()) {
    give(*static_cast<PendingRequest*>(queue.front()));
  }
}

// A connection that came free goes to who waits longest here, unless this worker has more than its
// share and others wait too. False: nobody wants it.
bool Pool::pass_on(std::unique_ptr<UpstreamConnection>& connection) {
  BackendState& backend = *connection->endpoint().backend;
  const BackendState::PerWorker& mine = own(backend);
  // With this one it holds more than its share, not as much.
  const bool too_many = mine.held.value() > backend.fair_share() && others_wait(backend);
  const bool serves = !connection->endpoint().standing.ejected();
  if (mine.queue.empty() || too_many || !serves) {
    close(std::move(connection));
    return true;
  }
  auto& pending = *static_cast<PendingRequest*>(mine.queue.front());
  connection->reused_ = true;
  connection->socket.set_listener(nullptr);
  pending.lease_ = Lease(*this, std::move(connection));
  give(pending);
  return true;
}

// One connection less, or a reservation that was not used.
void Pool::release(BackendState& backend) {
  backend.release();
  if (backend.waiting() == 0) return;
  if (!own(backend).queue.empty() && !over_share(backend)) return grant(backend);
  if (others_wait(backend)) tell_waiting(backend.shared_from_this());
}

// Another worker has idle connections while requests wait here: it closes one.
void Pool::call_for_help(const std::shared_ptr<BackendState>& backend) {
  Pool* richest = nullptr;
  std::uint64_t most = 0;
  for (Pool* peer : peers_) {
    const std::uint64_t idle = backend->per_worker[peer->worker_].idle.value();
    if (peer == this || idle <= most) continue;
    richest = peer;
    most = idle;
  }
  if (richest == nullptr) return;
  richest->loop_.post([richest, backend] { richest->on_call(backend); });
}

void Pool::tell_waiting(const std::shared_ptr<BackendState>& backend) {
  for (Pool* peer : peers_) {
    if (peer == this || backend->per_worker[peer->worker_].waiting.value() == 0) continue;
    peer->loop_.post([peer, backend] { peer->on_call(backend); });
  }
}

void Pool::on_call(const std::shared_ptr<BackendState>& backend) {
  if (!own(*backend).queue.empty()) return grant(*backend);
  if (backend->waiting() != 0) drop_one_idle(*backend);
}

}  // namespace ficus::proxy
