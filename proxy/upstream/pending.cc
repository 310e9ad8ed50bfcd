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

bool Pool::has_share(BackendState& backend) {
  return own(backend).held.value() >= std::max<std::uint64_t>(1, backend.fair_share());
}

bool Pool::over_share(BackendState& backend) { return others_wait(backend) && has_share(backend); }

bool Pool::reserve(BackendState& backend) {
  if (backend.waiting() != 0 && (!own(backend).queue.empty() || over_share(backend))) return false;
  return backend.reserve();
}

bool Pool::wait(PendingRequest& pending, const std::shared_ptr<BackendState>& backend,
                Waiter& waiter) {
  BackendState::PerWorker& mine = own(*backend);
  const bool within = backend->begin_waiting();
  if (!within && !backend->begin_waiting(to_spare_elsewhere(*backend))) {
    mine.overflows.add();
    return false;
  }
  pending.pool_ = this;
  pending.backend_ = backend;
  pending.waiter_ = &waiter;
  pending.granted_ = pending.refused_ = false;
  pending.beyond_ = !within;
  mine.queue.push(pending);
  mine.waiting.add();
  if (std::ranges::find(awaited_, backend) == awaited_.end()) awaited_.push_back(backend);
  // What came free between the look at the limit and this: nobody knew then that we wait.
  if (!over_share(*backend)) grant(*backend);
  if (!pending.granted()) within ? call_for_help(backend) : ask_around(backend);
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

// The other worker with the most idle connections; null: none has any.
Pool* Pool::richest(const BackendState& backend) const {
  Pool* found = nullptr;
  std::uint64_t most = 0;
  for (Pool* peer : peers_) {
    const std::uint64_t idle = backend.per_worker[peer->worker_].idle.value();
    if (peer == this || idle <= most) continue;
    found = peer;
    most = idle;
  }
  return found;
}

// Another worker has idle connections while requests wait here: it closes one.
void Pool::call_for_help(const std::shared_ptr<BackendState>& backend) {
  Pool* peer = richest(*backend);
  if (peer != nullptr) peer->loop_.post([peer, backend] { peer->on_call(backend); });
}

// How many requests may wait beyond max_pending, which is for load, because connections lie idle
// with other workers. One that is in use there may be about to come free: the client has the end of
// its answer before that worker has put the connection back. Whoever has no share asks.
std::uint64_t Pool::to_spare_elsewhere(BackendState& backend) {
  std::uint64_t idle = 0;
  std::uint64_t held = 0;
  for (const Pool* peer : peers_) {
    if (peer == this) continue;
    idle += backend.per_worker[peer->worker_].idle.value();
    held += backend.per_worker[peer->worker_].held.value();
  }
  if (idle != 0) return idle;
  return held != 0 && backend.waiting() == 0 && !has_share(backend) ? 1 : 0;
}

// Which other worker can hand a connection over? Each answers.
void Pool::ask_around(const std::shared_ptr<BackendState>& backend) {
  if (Pool* peer = richest(*backend)) return ask(*peer, backend);
  for (Pool* peer : peers_) {
    if (peer != this && backend->per_worker[peer->worker_].held.value() != 0) ask(*peer, backend);
  }
  // All were closed meanwhile.
  if (own(*backend).answers_due == 0) ask(*this, backend);
}

void Pool::ask(Pool& peer, const std::shared_ptr<BackendState>& backend) {
  ++own(*backend).answers_due;
  peer.loop_.post([this, &peer, backend] {
    peer.on_call(backend);
    loop_.post([this, backend] { on_answer(backend); });
  });
}

// What was handed over has been told of before this.
void Pool::on_answer(const std::shared_ptr<BackendState>& backend) {
  if (--own(*backend).answers_due != 0) return;
  grant(*backend);
  PendingRequest* beyond = first_beyond(*backend);
  if (beyond == nullptr) return;
  if (richest(*backend) != nullptr) return ask_around(backend);
  for (; beyond != nullptr; beyond = first_beyond(*backend)) refuse(*beyond);
}

PendingRequest* Pool::first_beyond(BackendState& backend) {
  for (PendingPlace* place = own(backend).queue.front(); place != nullptr;
       place = PendingQueue::behind(*place)) {
    auto* const pending = static_cast<PendingRequest*>(place);
    if (pending->beyond_) return pending;
  }
  return nullptr;
}

void Pool::refuse(PendingRequest& pending) {
  BackendState& backend = *pending.backend_;
  static_cast<PendingPlace&>(pending).leave();
  own(backend).waiting.subtract();
  backend.end_waiting();
  own(backend).overflows.add();
  pending.refused_ = true;
  pending.pool_ = nullptr;
  pending.waiter_->yield();
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
