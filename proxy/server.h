#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "proxy/counters.h"
#include "proxy/listener_set.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

class ConnectionCounts;
class Worker;

// Where the control plane hands a finished snapshot to.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual void publish(std::shared_ptr<const RoutingSnapshot> snapshot) = 0;
  virtual std::size_t workers() const = 0;
  virtual std::uint64_t applied_version(std::size_t worker) const = 0;
  // Seals session tickets with a new key from here on; older ones still open.
  virtual void rotate_ticket_keys() {}
};

// The data plane: N worker threads, each with its own loop, listening sockets, pools and counters.
// Owned and called by one thread (the control side); the counters may be read from any.
class ProxyServer final : public SnapshotSink {
 public:
  // Descriptors are given lowest number first: those from `descriptors_end` on are used by no
  // connection, so that there are some left for what is not traffic.
  ProxyServer(std::size_t workers, int descriptors_end);
  ~ProxyServer() override;

  ProxyServer(const ProxyServer&) = delete;
  ProxyServer& operator=(const ProxyServer&) = delete;

  // Listeners of these addresses use them instead of binding. Before listen().
  void inherit(std::vector<InheritedSocket> sockets);

  // Makes the open listening sockets be exactly `listeners`, all or nothing: sockets already open
  // stay as they are, new ones are bound, and only if all of those succeeded are old ones drained
  // and closed. Returns what failed, as a sentence that names the address, or nothing.
  // Before start(): opens them. Once draining: refused. Call before publishing a snapshot that
  // refers to them.
  std::optional<std::string> listen(const std::vector<config::Listener>& listeners);

  // Addresses with the ports really bound (for "port 0"), in the order of the configuration.
  std::vector<std::string> listening() const;

  // Starts the threads; accepting begins once each worker has the snapshot.
  void start(std::shared_ptr<const RoutingSnapshot> first);

  void publish(std::shared_ptr<const RoutingSnapshot> snapshot) override;
  std::size_t workers() const override;
  std::uint64_t applied_version(std::size_t worker) const override;
  void rotate_ticket_keys() override;

  // Accepts what is queued, then nothing more; idle connections close, others after their answer.
  void begin_drain();
  bool drained() const;

  // Ends what is left and joins the threads.
  void stop();

  const WorkerCells& cells(std::size_t worker) const;

  // CPU time of all workers since their start; only grows. Any thread.
  std::chrono::nanoseconds cpu_time() const;

  // Where a worker's lines come out: one thread takes them, any may ask what was dropped. Valid as
  // long as the server, after stop() too.
  AccessLog& access_log(std::size_t worker);

 private:
  struct Listening {
    std::string configured;
    std::string bound;
  };

  const std::unique_ptr<ConnectionCounts> counts_;  // shared by the workers
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Listening> listening_;
  std::vector<InheritedSocket> inherited_;
  bool draining_ = false;
};

}  // namespace ficus::proxy
