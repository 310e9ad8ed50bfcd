#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/downstream/connection.h"
#include "proxy/downstream/listener.h"
#include "proxy/net/thread_clock.h"
#include "proxy/worker_context.h"

namespace ficus::proxy {

// One thread with its loop, listening sockets, connections, pools and counters. The public
// functions belong to the thread that owns the worker; what they ask for happens on the loop, in
// the order of the calls.
class Worker {
 public:
  // `counts` is shared by all workers and outlives them. `descriptors_end`: see ProxyServer.
  Worker(std::size_t index, std::size_t workers, ConnectionCounts& counts, int descriptors_end);
  ~Worker();

  void start();
  void install(std::shared_ptr<const RoutingSnapshot> snapshot);
  void add_listener(std::string address, FileDescriptor fd);
  void remove_listener(std::string address);
  void add_ticket_key(const TlsTicketKey& key);
  void begin_drain();
  void stop();

  // Accepts nothing any more; what it had accepted is counted.
  bool draining() const { return draining_.load(std::memory_order_acquire); }

  const WorkerCells& cells() const { return context_.cells; }
  const ThreadClock& cpu() const { return cpu_; }          // any thread
  AccessLog& access_log() { return context_.access_log; }  // the reader's end: one thread
  // Before start().
  Pool& pool() { return context_.pool; }

 private:
  void after_turn();

  // loop thread
  WorkerContext context_;
  ConnectionList connections_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  SteadyTime cpu_read_at_{};

  // shared
  std::atomic<bool> draining_{false};
  ThreadClock cpu_;

  std::thread thread_;
};

}  // namespace ficus::proxy
