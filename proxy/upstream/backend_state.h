#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/model.h"
#include "proxy/counters.h"
#include "proxy/upstream/pending_queue.h"

namespace ficus::proxy {

// What survives snapshots for one backend: its connections over all workers, and who waits for one.
// The shared numbers change when a connection is opened or closed and when a request waits, never
// for a request that finds a connection in its pool.
class BackendState : public std::enable_shared_from_this<BackendState> {
 public:
  // Of one worker; written by it alone.
  struct alignas(64) PerWorker {
    Cell waiting;    // places in `queue`
    Cell idle;       // connections in the pool
    Cell held;       // connections, idle ones too
    Cell overflows;  // requests refused because of a limit
    PendingQueue queue;
    std::uint32_t answers_due = 0;  // of workers that were asked to hand one over; its own alone
  };

  explicit BackendState(std::size_t workers) : per_worker(workers) {}

  // Counts one more connection, unless that is one too many. Any thread.
  bool reserve() {
    std::uint32_t open = connections_.load(std::memory_order_relaxed);
    do {
      if (open >= max_connections_.load(std::memory_order_relaxed)) return false;
    } while (!connections_.compare_exchange_weak(open, open + 1));
    return true;
  }
  void release() { connections_.fetch_sub(1); }

  // Counts one more request that waits, unless that is one too many; `beyond` more may wait than
  // max_pending. Any thread.
  bool begin_waiting(std::uint64_t beyond = 0) {
    if (waiting_.fetch_add(1) < max_pending_.load(std::memory_order_relaxed) + beyond) return true;
    waiting_.fetch_sub(1);
    return false;
  }
  void end_waiting() { waiting_.fetch_sub(1); }

  std::uint32_t connections() const { return connections_.load(); }
  std::uint32_t waiting() const { return waiting_.load(); }

  // What one worker may hold while others wait.
  std::uint64_t fair_share() const {
    return max_connections_.load(std::memory_order_relaxed) / per_worker.size();
  }

  // Control thread. Connections beyond a lowered limit are not closed, only not replaced.
  void set_limits(const config::BackendLimits& limits) {
    max_connections_.store(limits.max_connections, std::memory_order_relaxed);
    max_pending_.store(limits.max_pending, std::memory_order_relaxed);
  }

  std::vector<PerWorker> per_worker;

 private:
  std::atomic<std::uint32_t> max_connections_{config::BackendLimits{}.max_connections};
  std::atomic<std::uint32_t> max_pending_{config::BackendLimits{}.max_pending};
  alignas(64) std::atomic<std::uint32_t> connections_{0};
  alignas(64) std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace ficus::proxy
