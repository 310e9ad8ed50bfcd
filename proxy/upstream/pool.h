#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/net/buffers.h"
#include "proxy/net/socket.h"
#include "proxy/snapshot.h"

namespace ficus::proxy {

class Pool;

// How much is asked before an idle connection is trusted: what the loop was told up to this turn,
// or what the kernel knows by now: a system call, worth it for a request that cannot be sent twice.
enum class Care : std::uint8_t { trust_the_loop, look_again };

// One connection to an endpoint, in use by an exchange or idle in its pool.
class UpstreamConnection final : public Retired, private ReadyListener {
 public:
  UpstreamConnection(Pool& pool, std::shared_ptr<EndpointState> endpoint, FileDescriptor fd,
                     ReceiveArea& area);

  Socket socket;
  ReadBuffer in;
  SendBuffer out;

  const EndpointState& endpoint() const { return *endpoint_; }
  const std::shared_ptr<EndpointState>& shared_endpoint() const { return endpoint_; }
  bool reused() const { return reused_; }
  // No sign of its end, and nothing that was sent unasked.
  bool still_good(Care care) {
    return socket.quiet() && (care == Care::trust_the_loop || !socket.has_unseen_input());
  }

 private:
  friend class Pool;
  // While it is opened ahead: one step further. While idle: an end or stray bytes.
  void on_ready() override;

  Pool& pool_;
  std::shared_ptr<EndpointState> endpoint_;
  bool reused_ = false;
  bool opening_ = false;
  SteadyTime until_{};                     // opened ahead or idle no longer than this
  std::chrono::milliseconds pool_idle_{};  // once it is opened
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
  friend class Pool;
  Pool* pool_ = nullptr;
  std::unique_ptr<UpstreamConnection> connection_;
};

// A request that waits because its backend has as many connections as it may have. It is given
// either a connection that came free or the right to open one. One that was let in beyond
// max_pending, because another worker might hand a connection over, is refused if none does. Loop
// thread only.
class PendingRequest final : private PendingPlace {
 public:
  ~PendingRequest() { leave(); }

  bool granted() const { return granted_; }
  bool refused() const { return refused_; }
  // The connection that was granted, if it shows no sign of its end; empty: the right to open one,
  // which goes to the caller.
  Lease take(Care care);
  // Stops waiting; gives back what was granted and not taken.
  void leave();

 private:
  friend class Pool;
  Pool* pool_ = nullptr;
  std::shared_ptr<BackendState> backend_;
  Waiter* waiter_ = nullptr;
  Lease lease_;
  bool granted_ = false;
  bool beyond_ = false;  // max_pending
  bool refused_ = false;
};

// The connections of one worker to all endpoints: last in, first out. Idle ones stay watched; one
// that ends or speaks unasked is closed at once (response-queue poisoning). Keeps each backend's
// limits together with the pools of the other workers: who has more than its share gives
// connections up while others wait. Loop thread only.
class Pool final : private Timer {
 public:
  // Descriptors from `descriptors_end` on are not for traffic: see ProxyServer.
  Pool(EventLoop& loop, ReceiveArea& area, std::size_t worker, int descriptors_end)
      : loop_(loop), area_(area), worker_(worker), descriptors_end_(descriptors_end) {}

  // The pools of all workers, this one too. Before the loop runs; they outlive all loops.
  void set_peers(std::vector<Pool*> peers) { peers_ = std::move(peers); }

  // An idle connection that shows no sign of its end, or an empty lease.
  Lease take_idle(const EndpointState& endpoint, Care care);

  // The right to open one more connection of the backend, which connect() uses. False: the limit
  // is reached, or others have waited longer.
  bool reserve(BackendState& backend);

  // Closes an idle connection of the backend, so that another endpoint may have one; or gives up
  // one that is opened ahead.
  bool drop_one_idle(const BackendState& backend);

  // Waits for one of the backend's connections, first come, first served; `waiter` is woken once
  // `pending` is granted or refused. False: max_pending requests wait already, and no other worker
  // has a connection to spare.
  bool wait(PendingRequest& pending, const std::shared_ptr<BackendState>& backend, Waiter& waiter);

  // A request was refused because of a limit that it had waited for.
  void count_overflow(BackendState& backend) { own(backend).overflows.add(); }

  // Begins a connection, using a reservation; usable once its socket is writable and
  // connect_error() is 0. An empty lease if not even that was possible (`error` tells). If there is
  // no descriptor left, what is idle here gives up its own.
  Lease connect(const std::shared_ptr<EndpointState>& endpoint, int& error);

  // Opens the backend's `preconnect` connections to each endpoint that is new here, as far as its
  // limit goes, and shakes hands where TLS is spoken; then they are idle. One that fails, or takes
  // longer than timeouts.connect, is forgotten. `tls` outlives the pool's connections.
  void preconnect(const Backend& backend, TlsWorker& tls);

  // No descriptor is left: closes the idle connection, of whichever backend, whose time is over
  // first, or gives up one that is opened ahead. False: there is none.
  bool drop_any_idle();
  // The same of the worker that has most of them, soon. False: no other worker has any.
  bool drop_any_idle_elsewhere();

  // Closes all connections that no exchange uses.
  void clear();
  // Closes those to endpoints that no snapshot routes to any more.
  void drop_gone();

  EndpointCells& cells(const EndpointState& endpoint) const;
  std::size_t worker() const { return worker_; }

 private:
  friend class Lease;
  friend class PendingRequest;
  friend class UpstreamConnection;
  using Idle = std::vector<std::unique_ptr<UpstreamConnection>>;

  FileDescriptor open_socket(int family, int& error) const;
  Lease connect_on(FileDescriptor fd, const std::shared_ptr<EndpointState>& endpoint, int& error);
  void count_idle(const EndpointState& endpoint);
  void uncount_idle(const EndpointState& endpoint);
  void put(std::unique_ptr<UpstreamConnection> connection, std::chrono::milliseconds pool_idle);
  void keep_idle(std::unique_ptr<UpstreamConnection> connection,
                 std::chrono::milliseconds pool_idle);
  void close(std::unique_ptr<UpstreamConnection> connection);
  void drop_idle(UpstreamConnection& connection);
  void open_ahead(Lease lease, const config::BackendTimeouts& timeouts);
  void open_further(UpstreamConnection& connection);
  template <class Which>
  void give_up_opening(Which which);
  // on_deadline() comes no later than that.
  void look_at(SteadyTime time);
  void forget(const EndpointState& endpoint);
  // Closes it, and keeps the right to have one more.
  void close_for_another(Lease& lease);
  void on_deadline() override;

  // pending.cc: the backend's limit, and those who wait
  BackendState::PerWorker& own(BackendState& backend) { return backend.per_worker[worker_]; }
  bool others_wait(BackendState& backend);
  // Has this worker what it may have while others wait too?
  bool over_share(BackendState& backend);
  bool pass_on(std::unique_ptr<UpstreamConnection>& connection);
  void release(BackendState& backend);
  void grant(BackendState& backend);
  void give(PendingRequest& pending);
  bool has_share(BackendState& backend);
  Pool* richest(const BackendState& backend) const;
  std::uint64_t to_spare_elsewhere(BackendState& backend);
  void ask_around(const std::shared_ptr<BackendState>& backend);
  void ask(Pool& peer, const std::shared_ptr<BackendState>& backend);
  void on_answer(const std::shared_ptr<BackendState>& backend);
  PendingRequest* first_beyond(BackendState& backend);
  void refuse(PendingRequest& pending);
  void call_for_help(const std::shared_ptr<BackendState>& backend);
  void tell_waiting(const std::shared_ptr<BackendState>& backend);
  void on_call(const std::shared_ptr<BackendState>& backend);

  // Whoever waits is told when something comes free; this is for what nobody could tell.
  static constexpr std::chrono::milliseconds kLookForRoom{100};

  EventLoop& loop_;
  ReceiveArea& area_;
  const std::size_t worker_;
  const int descriptors_end_;
  Cell idle_total_;                                         // written here, read by the peers
  std::vector<Idle> idle_;                                  // by endpoint slot
  Idle opening_;                                            // not to be used yet
  std::vector<std::weak_ptr<EndpointState>> preconnected_;  // by endpoint slot
  std::vector<Pool*> peers_;
  std::vector<std::shared_ptr<BackendState>> awaited_;  // backends that somebody here waits for
};

}  // namespace ficus::proxy
