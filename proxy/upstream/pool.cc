#include "proxy/upstream/pool.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "proxy/net/shortage.h"

namespace ficus::proxy {
namespace {

constexpr std::chrono::seconds kSweep{1};
// Idle connections that one new connection may cost when descriptors are short.
constexpr int kRoomMade = 4;

}  // namespace

UpstreamConnection::UpstreamConnection(Pool& pool, std::shared_ptr<EndpointState> endpoint,
                                       FileDescriptor fd, ReceiveArea& area)
    : socket(pool.loop_, std::move(fd)), in(area), pool_(pool), endpoint_(std::move(endpoint)) {}

void UpstreamConnection::on_ready() {
  if (opening_) return pool_.open_further(*this);
  if (!socket.quiet()) pool_.drop_idle(*this);
}

void Lease::give_back(std::chrono::milliseconds pool_idle) {
  pool_->put(std::move(connection_), pool_idle);
}

void Lease::discard() {
  if (connection_ != nullptr) pool_->close(std::move(connection_));
}

EndpointCells& Pool::cells(const EndpointState& endpoint) const {
  // Cells are counters that this worker alone writes; the endpoint itself is immutable.
  return const_cast<EndpointState&>(endpoint).cells[worker_];
}

Lease Pool::take_idle(const EndpointState& endpoint, Care care) {
  if (endpoint.slot >= idle_.size()) return {};
  Idle& idle = idle_[endpoint.slot];
  while (!idle.empty()) {
    std::unique_ptr<UpstreamConnection> connection = std::move(idle.back());
    idle.pop_back();
    uncount_idle(endpoint);
    connection->socket.set_listener(nullptr);
    if (!connection->still_good(care)) {
      loop_.retire(std::move(connection));
      forget(endpoint);
      continue;
    }
    cells(endpoint).connections_active.add();
    connection->reused_ = true;
    return {*this, std::move(connection)};
  }
  return {};
}

FileDescriptor Pool::open_socket(int family, int& error) const {
  FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    error = errno;
  } else if (fd.get() >= descriptors_end_) {
    fd.reset();
    error = EMFILE;
  }
  return fd;
}

Lease Pool::connect(const std::shared_ptr<EndpointState>& endpoint, int& error) {
  FileDescriptor fd = open_socket(endpoint->address.family(), error);
  // Another thread may be quicker to use what became free.
  for (int i = 0; i < kRoomMade && !fd && lacks_descriptor(error) && drop_any_idle(); ++i) {
    fd = open_socket(endpoint->address.family(), error);
  }
  return connect_on(std::move(fd), endpoint, error);
}

Lease Pool::connect_on(FileDescriptor fd, const std::shared_ptr<EndpointState>& endpoint,
                       int& error) {
  if (!fd) {
    release(*endpoint->backend);
    return {};
  }
  const SocketAddress& address = endpoint->address;
  if (address.family() != AF_UNIX) {
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(fd.get(), address.data(), address.length()) != 0 && errno != EINPROGRESS) {
    error = errno;
    release(*endpoint->backend);
    return {};
  }
  cells(*endpoint).connections_active.add();
  own(*endpoint->backend).held.add();
  return {*this, std::make_unique<UpstreamConnection>(*this, endpoint, std::move(fd), area_)};
}

void Pool::count_idle(const EndpointState& endpoint) {
  cells(endpoint).connections_idle.add();
  own(*endpoint.backend).idle.add();
  idle_total_.add();
}

void Pool::uncount_idle(const EndpointState& endpoint) {
  cells(endpoint).connections_idle.subtract();
  own(*endpoint.backend).idle.subtract();
  idle_total_.subtract();
}

void Pool::put(std::unique_ptr<UpstreamConnection> connection,
               std::chrono::milliseconds pool_idle) {
  const EndpointState& endpoint = connection->endpoint();
  if (!connection->socket.quiet_after_read() || !connection->in.empty() || pool_idle.count() == 0 ||
      endpoint.standing.gone()) {
    close(std::move(connection));
    return;
  }
  if (endpoint.backend->waiting() != 0 && pass_on(connection)) return;
  keep_idle(std::move(connection), pool_idle);
}

void Pool::keep_idle(std::unique_ptr<UpstreamConnection> connection,
                     std::chrono::milliseconds pool_idle) {
  const EndpointState& endpoint = connection->endpoint();
  if (endpoint.slot >= idle_.size()) idle_.resize(endpoint.slot + 1);
  cells(endpoint).connections_active.subtract();
  count_idle(endpoint);
  connection->until_ = loop_.now() + pool_idle;
  connection->socket.set_listener(connection.get());
  idle_[endpoint.slot].push_back(std::move(connection));
  look_at(loop_.now() + kSweep);
}

void Pool::look_at(SteadyTime time) {
  if (deadline() > time) loop_.timers().set(*this, time);
}

void Pool::preconnect(const Backend& backend, TlsWorker& tls) {
  if (backend.preconnect == 0) return;
  for (const Endpoint& endpoint : backend.endpoints) {
    const std::uint32_t slot = endpoint.state->slot;
    if (slot >= preconnected_.size()) preconnected_.resize(slot + 1);
    if (preconnected_[slot].lock() == endpoint.state) continue;
    preconnected_[slot] = endpoint.state;
    for (std::uint32_t i = 0; i < backend.preconnect && reserve(*endpoint.state->backend); ++i) {
      int error = 0;
      // Never at the cost of a connection that has proved useful.
      FileDescriptor fd = open_socket(endpoint.state->address.family(), error);
      Lease lease = connect_on(std::move(fd), endpoint.state, error);
      if (!lease) break;
      const std::string& tls_name = endpoint.state->tls_name;
      if (!tls_name.empty()) {
        lease->socket.start_tls(
            backend.tls->connect(tls_name, tls, endpoint.state->tls_sessions[worker_]));
      }
      open_ahead(std::move(lease), backend.timeouts);
    }
  }
}

void Pool::open_ahead(Lease lease, const config::BackendTimeouts& timeouts) {
  UpstreamConnection& connection = *lease;
  connection.opening_ = true;
  connection.until_ = loop_.now() + timeouts.connect;
  connection.pool_idle_ = timeouts.pool_idle;
  connection.socket.set_listener(&connection);
  opening_.push_back(std::move(lease.connection_));
  look_at(connection.until_);
}

void Pool::open_further(UpstreamConnection& connection) {
  Socket& socket = connection.socket;
  auto state = TlsSession::Handshake::failed;
  if (!socket.broken()) {
    if (!socket.writable()) return;  // not connected yet
    state = socket.tls() == nullptr ? TlsSession::Handshake::done : socket.tls()->handshake();
  }
  if (state == TlsSession::Handshake::waiting) return;
  if (state == TlsSession::Handshake::failed) {
    return give_up_opening([&](const auto& candidate) { return &candidate == &connection; });
  }
  const auto found =
      std::ranges::find(opening_, &connection, [](const auto& c) { return c.get(); });
  std::unique_ptr<UpstreamConnection> opened = std::move(*found);
  opening_.erase(found);
  opened->opening_ = false;
  opened->socket.set_listener(nullptr);
  const std::chrono::milliseconds pool_idle = opened->pool_idle_;
  put(std::move(opened), pool_idle);
}

template <class Which>
void Pool::give_up_opening(Which which) {
  for (std::size_t i = 0; i < opening_.size();) {
    if (!which(*opening_[i])) {
      ++i;
      continue;
    }
    std::unique_ptr<UpstreamConnection> given_up = std::move(opening_[i]);
    opening_.erase(opening_.begin() + static_cast<std::ptrdiff_t>(i));
    close(std::move(given_up));
  }
}

void Pool::close(std::unique_ptr<UpstreamConnection> connection) {
  const std::shared_ptr<EndpointState> endpoint = connection->shared_endpoint();
  Lease lease(*this, std::move(connection));
  close_for_another(lease);
  release(*endpoint->backend);
}

void Pool::close_for_another(Lease& lease) {
  std::unique_ptr<UpstreamConnection> connection = std::move(lease.connection_);
  cells(connection->endpoint()).connections_active.subtract();
  own(*connection->endpoint().backend).held.subtract();
  connection->socket.close();
  connection->in.clear();
  loop_.retire(std::move(connection));
}

void Pool::drop_idle(UpstreamConnection& connection) {
  const std::shared_ptr<EndpointState> endpoint = connection.shared_endpoint();
  Idle& idle = idle_[endpoint->slot];
  const auto found = std::find_if(idle.begin(), idle.end(), [&](const auto& candidate) {
    return candidate.get() == &connection;
  });
  if (found == idle.end()) return;
  uncount_idle(*endpoint);
  connection.socket.close();
  loop_.retire(std::move(*found));
  idle.erase(found);
  forget(*endpoint);
}

// A connection is closed: the backend may have another one.
void Pool::forget(const EndpointState& endpoint) {
  own(*endpoint.backend).held.subtract();
  release(*endpoint.backend);
}

void Pool::clear() {
  give_up_opening([](const auto&) { return true; });
  for (Idle& idle : idle_) {
    while (!idle.empty()) drop_idle(*idle.back());
  }
}

void Pool::drop_gone() {
  give_up_opening([](const auto& connection) { return connection.endpoint().standing.gone(); });
  for (Idle& idle : idle_) {
    while (!idle.empty() && idle.back()->endpoint().standing.gone()) drop_idle(*idle.back());
  }
}

bool Pool::drop_one_idle(const BackendState& backend) {
  if (backend.per_worker[worker_].idle.value() != 0) {
    for (Idle& idle : idle_) {
      if (idle.empty() || idle.front()->endpoint().backend.get() != &backend) continue;
      drop_idle(*idle.front());
      return true;
    }
  }
  bool found = false;
  give_up_opening([&](const auto& connection) {
    if (found || connection.endpoint().backend.get() != &backend) return false;
    return found = true;
  });
  return found;
}

bool Pool::drop_any_idle() {
  UpstreamConnection* first = nullptr;
  for (Idle& idle : idle_) {
    if (idle.empty()) continue;
    if (first == nullptr || idle.front()->until_ < first->until_) first = idle.front().get();
  }
  if (first != nullptr) {
    drop_idle(*first);
    return true;
  }
  if (opening_.empty()) return false;
  const UpstreamConnection* const last = opening_.back().get();
  give_up_opening([last](const auto& connection) { return &connection == last; });
  return true;
}

bool Pool::drop_any_idle_elsewhere() {
  Pool* found = nullptr;
  std::uint64_t most = 0;
  for (Pool* peer : peers_) {
    const std::uint64_t idle = peer->idle_total_.value();
    if (peer == this || idle <= most) continue;
    found = peer;
    most = idle;
  }
  if (found == nullptr) return false;
  found->loop_.post([found] { found->drop_any_idle(); });
  return true;
}

void Pool::on_deadline() {
  const SteadyTime now = loop_.now();
  give_up_opening([now](const auto& connection) { return connection.until_ <= now; });
  for (const auto& connection : opening_) look_at(connection->until_);
  for (Idle& idle : idle_) {
    // The one idle longest is at the front; the times of one endpoint differ only by a reload.
    while (!idle.empty() && idle.front()->until_ <= now) drop_idle(*idle.front());
    if (!idle.empty()) look_at(now + kSweep);
  }
  std::erase_if(awaited_, [this](const auto& backend) { return own(*backend).queue.empty(); });
  for (const auto& backend : awaited_) {
    grant(*backend);
    if (!own(*backend).queue.empty()) call_for_help(backend);
  }
  if (!awaited_.empty()) look_at(now + kLookForRoom);
}

}  // namespace ficus::proxy
