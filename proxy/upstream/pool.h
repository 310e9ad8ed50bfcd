#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/net/buffers.h"
#include "proxy/net/socket.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

class Pool;

// One connection to an endpoint, in use by an exchange or idle in its pool.
class UpstreamConnection final : public Retired, private ReadyListener {
 public:
  UpstreamConnection(Pool& pool, std::shared_ptr<EndpointState> endpoint, FileDescriptor fd,
                     ReceiveArea& area);

  Socket socket;
  ReadBuffer in;
  SendBuffer out;

  const EndpointState& endpoint() const { return *endpoint_; }
  bool reused() const { return reused_; }

 private:
  friend class Pool;
  void on_ready() override;  // while idle: an end or stray bytes

  Pool& pool_;
  std::shared_ptr<EndpointState> endpoint_;
  bool reused_ = false;
  SteadyTime idle_until_{};
};

// The right to use a connection. Closes it when destroyed, unless it was given back.
class Lease {
 public:
  Lease() = default;
  Lease(Pool& pool, std::unique_ptr<UpstreamConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&& from) noexcept {
    if (this != &from) {
      discard();
      pool_ = from.pool_;
      connection_ = std::move(from.connection_);
    }
    return *this;
  }
  ~Lease() { discard(); }

  explicit operator bool() const { return connection_ != nullptr; }
  UpstreamConnection* operator->() const { return connection_.get(); }
  UpstreamConnection& operator*() const { return *connection_; }

  // The exchange is provably over on this connection: it may serve the next one.
  void give_back(std::chrono::milliseconds pool_idle);
  void discard();

 private:
  Pool* pool_ = nullptr;
  std::unique_ptr<UpstreamConnection> connection_;
};

// The connections of one worker to all endpoints: last in, first out. Idle ones stay watched; one
// that ends or speaks unasked is closed at once (response-queue poisoning). Loop thread only.
class Pool final : private Timer {
 public:
  Pool(EventLoop& loop, ReceiveArea& area, std::size_t worker)
      : loop_(loop), area_(area), worker_(worker) {}

  // What the loop was told up to this turn, or what the kernel knows by now: a system call, worth
  // it for a request that cannot be sent twice.
  enum class Care : std::uint8_t { trust_the_loop, look_again };

  // An idle connection that shows no sign of its end, or an empty lease.
  Lease take_idle(const EndpointState& endpoint, Care care);

  // Begins a connection; usable once its socket is writable and connect_error() is 0. An empty
  // lease if not even that was possible (`error` tells).
  Lease connect(const std::shared_ptr<EndpointState>& endpoint, int& error);

  // Closes all idle connections.
  void clear();

  EndpointCells& cells(const EndpointState& endpoint) const;
  std::size_t worker() const { return worker_; }

 private:
  friend class Lease;
  friend class UpstreamConnection;
  using Idle = std::vector<std::unique_ptr<UpstreamConnection>>;

  void put(std::unique_ptr<UpstreamConnection> connection, std::chrono::milliseconds pool_idle);
  void close(std::unique_ptr<UpstreamConnection> connection);
  void drop_idle(UpstreamConnection& connection);
  void on_deadline() override;

  EventLoop& loop_;
  ReceiveArea& area_;
  const std::size_t worker_;
  std::vector<Idle> idle_;  // by endpoint slot
};

}  // namespace ficus::proxy
