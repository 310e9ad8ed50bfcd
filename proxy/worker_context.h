#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/connection_counts.h"
#include "proxy/counters.h"
#include "proxy/http/head_buffer.h"
#include "proxy/http/request_head.h"
#include "proxy/http/response_head.h"
#include "proxy/log/access_log.h"
#include "proxy/net/buffers.h"
#include "proxy/net/event_loop.h"
#include "proxy/net/frame_arena.h"
#include "proxy/net/tls_session.h"
#include "proxy/route/random.h"
#include "proxy/snapshot.h"
#include "proxy/upstream/pool.h"

namespace ficus::proxy {

class Exchange;

// A worker's own count of who uses a snapshot: taking one costs no shared cache line.
// Loop thread only.
class SnapshotRef {
 public:
  SnapshotRef() = default;
  explicit SnapshotRef(std::shared_ptr<const RoutingSnapshot> snapshot)
      : holder_(new Holder{std::move(snapshot), 1}) {}
  SnapshotRef(const SnapshotRef& from) : holder_(from.holder_) {
    if (holder_ != nullptr) ++holder_->count;
  }
  SnapshotRef(SnapshotRef&& from) noexcept : holder_(std::exchange(from.holder_, nullptr)) {}
  SnapshotRef& operator=(SnapshotRef from) noexcept {
    std::swap(holder_, from.holder_);
    return *this;
  }
  ~SnapshotRef() {
    if (holder_ != nullptr && --holder_->count == 0) delete holder_;
  }

  explicit operator bool() const { return holder_ != nullptr; }
  const RoutingSnapshot& operator*() const { return *holder_->snapshot; }
  const RoutingSnapshot* operator->() const { return holder_->snapshot.get(); }

 private:
  struct Holder {
    std::shared_ptr<const RoutingSnapshot> snapshot;
    std::size_t count;
  };
  Holder* holder_ = nullptr;
};

// What the connections and exchanges of one worker share. Loop thread only.
struct WorkerContext {
  WorkerContext(std::size_t worker_index, std::size_t worker_count, ConnectionCounts& counts,
                int first_not_for_traffic);
  ~WorkerContext();

  const std::size_t index;
  const std::size_t workers;
  const int descriptors_end;  // traffic has those below it
  EventLoop loop;
  FrameArena frames;
  ReceiveArea area;
  TlsWorker tls;
  Pool pool;
  Random random;
  WorkerCells cells;
  AccessLog access_log;
  SnapshotRef snapshot;
  bool draining = false;
  ConnectionCounts& connection_counts;
  std::size_t turned_away = 0;  // connections that are told so and wait for their end
  // So many of them are told politely; while one waits for its end it has a descriptor. An eighth
  // of those that are served, within bounds.
  std::size_t turned_away_most() const;

  // From here on that one holds.
  void install(SnapshotRef next);
  // What holds for the connections of a listener; once it has left the configuration, what held
  // last: whom to believe must not change under those that are still open. Null: never known.
  const ListenerSettings* listener(const ListenerState* state) const;

  // Keeps the state alive as long as this worker, whatever becomes of the listener.
  ListenerState* pin(const std::shared_ptr<ListenerState>& state);

  // Scratch between a readiness event and the end of its handler.
  http::HeadBuffer head;
  http::RequestHead request_head;
  http::ResponseHead response_head;

  // Exchanges are used again and again; their buffers stay warm.
  std::unique_ptr<Exchange> take_exchange();
  void give_back(std::unique_ptr<Exchange> exchange);

 private:
  std::vector<std::unique_ptr<Exchange>> spare_exchanges_;
  std::vector<std::shared_ptr<ListenerState>> pinned_listeners_;
  std::vector<ListenerSettings> former_listeners_;
};

}  // namespace ficus::proxy
