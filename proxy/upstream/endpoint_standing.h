#pragma once

#include <atomic>
#include <cstdint>

namespace ficus::proxy {

// How an endpoint fares over all workers, for outlier detection, and whether it is still in use.
// While all goes well nobody writes here: a success stores only after a failure.
class EndpointStanding {
 public:
  // Worker threads.
  void success(std::uint32_t limit) {
    const std::uint32_t failures = failures_.load(std::memory_order_relaxed);
    // At the limit it is for the control thread to judge.
    if (failures != 0 && failures < limit) failures_.store(0, std::memory_order_relaxed);
  }
  void failure() { failures_.fetch_add(1, std::memory_order_relaxed); }

  // Is another endpoint to be preferred? Holds from the failure that reaches `limit` on, on every
  // worker, before the control thread has judged. Any thread; limit 0: no outlier detection.
  bool in_service(std::uint32_t limit) const {
    if (ejected_.load(std::memory_order_relaxed)) return false;
    return limit == 0 || failures_.load(std::memory_order_relaxed) < limit;
  }

  std::uint32_t consecutive_failures() const { return failures_.load(std::memory_order_relaxed); }
  bool ejected() const { return ejected_.load(std::memory_order_relaxed); }
  std::uint64_t ejections() const { return ejections_.load(std::memory_order_relaxed); }
  // No snapshot routes here any more: connections are closed instead of kept.
  bool gone() const { return gone_.load(std::memory_order_relaxed); }

  // Control thread.
  void eject() {
    ejections_.store(ejections() + 1, std::memory_order_relaxed);
    ejected_.store(true, std::memory_order_relaxed);
    failures_.store(0, std::memory_order_relaxed);
  }
  void admit() {
    failures_.store(0, std::memory_order_relaxed);
    ejected_.store(false, std::memory_order_relaxed);
  }
  // Goes on where another one stands: the same server, spoken to in another way.
  void take_over(const EndpointStanding& from) {
    failures_.store(from.consecutive_failures(), std::memory_order_relaxed);
    ejected_.store(from.ejected(), std::memory_order_relaxed);
    ejections_.store(from.ejections(), std::memory_order_relaxed);
  }
  void leave() { gone_.store(true, std::memory_order_relaxed); }
  void come_back() { gone_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> failures_{0};
  std::atomic<bool> ejected_{false};
  std::atomic<bool> gone_{false};
  std::atomic<std::uint64_t> ejections_{0};
};

}  // namespace ficus::proxy
