#include "proxy/upstream/pool.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace ficus::proxy {
namespace {

constexpr std::chrono::seconds kSweep{1};

}  // namespace

UpstreamConnection::UpstreamConnection(Pool& pool, std::shared_ptr<EndpointState> endpoint,
                                       FileDescriptor fd, ReceiveArea& area)
    : socket(pool.loop_, std::move(fd)), in(area), pool_(pool), endpoint_(std::move(endpoint)) {}

void UpstreamConnection::on_ready() {
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
    EndpointCells& counts = cells(endpoint);
    counts.connections_idle.subtract();
    connection->socket.set_listener(nullptr);
    if (!connection->socket.quiet() ||
        (care == Care::look_again && connection->socket.has_unseen_input())) {
      loop_.retire(std::move(connection));
      continue;
    }
    counts.connections_active.add();
    connection->reused_ = true;
    return {*this, std::move(connection)};
  }
  return {};
}

Lease Pool::connect(const std::shared_ptr<EndpointState>& endpoint, int& error) {
  const SocketAddress& address = endpoint->address;
  FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    error = errno;
    return {};
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), address.data(), address.length()) != 0 && errno != EINPROGRESS) {
    error = errno;
    return {};
  }
  cells(*endpoint).connections_active.add();
  return {*this, std::make_unique<UpstreamConnection>(*this, endpoint, std::move(fd), area_)};
}

void Pool::put(std::unique_ptr<UpstreamConnection> connection,
               std::chrono::milliseconds pool_idle) {
  const EndpointState& endpoint = connection->endpoint();
  if (!connection->socket.quiet() || !connection->in.empty() ||
      pool_idle.count() == 0) {
    close(std::move(connection));
    return;
  }
  if (endpoint.slot >= idle_.size()) idle_.resize(endpoint.slot + 1);
  EndpointCells& counts = cells(endpoint);
  counts.connections_active.subtract();
  counts.connections_idle.add();
  connection->idle_until_ = loop_.now() + pool_idle;
  connection->socket.set_listener(connection.get());
  idle_[endpoint.slot].push_back(std::move(connection));
  if (deadline() == Timer::kNever) loop_.timers().set(*this, loop_.now() + kSweep);
}

void Pool::close(std::unique_ptr<UpstreamConnection> connection) {
  cells(connection->endpoint()).connections_active.subtract();
  connection->socket.close();
  connection->in.clear();
  loop_.retire(std::move(connection));
}

void Pool::drop_idle(UpstreamConnection& connection) {
  Idle& idle = idle_[connection.endpoint().slot];
  const auto found = std::find_if(idle.begin(), idle.end(), [&](const auto& candidate) {
    return candidate.get() == &connection;
  });
  if (found == idle.end()) return;
  cells(connection.endpoint()).connections_idle.subtract();
  connection.socket.close();
  loop_.retire(std::move(*found));
  idle.erase(found);
}

void Pool::clear() {
  for (Idle& idle : idle_) {
    while (!idle.empty()) drop_idle(*idle.back());
  }
}

void Pool::on_deadline() {
  const SteadyTime now = loop_.now();
  bool any = false;
  for (Idle& idle : idle_) {
    // The one idle longest is at the front; the times of one endpoint differ only by a reload.
    while (!idle.empty() && idle.front()->idle_until_ <= now) drop_idle(*idle.front());
    any = any || !idle.empty();
  }
  if (any) loop_.timers().set(*this, now + kSweep);
}

}  // namespace ficus::proxy
