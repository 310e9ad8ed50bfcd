#include "proxy/downstream/listener.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

#include "proxy/net/shortage.h"

namespace ficus::proxy {
namespace {

// Out of descriptors or memory: no edge will come for what is queued, so it is tried again.
constexpr std::chrono::milliseconds kRetryAccept{100};
// The snapshot that describes a new listener comes right behind it.
constexpr std::chrono::milliseconds kAwaitSettings{5};

}  // namespace

Listener::Listener(WorkerContext& context, ConnectionList& connections, std::string address,
                   FileDescriptor fd)
    : context_(context),
      connections_(connections),
      address_(std::move(address)),
      fd_(std::move(fd)) {
  open_reserve();
  context_.loop.watch(fd_.get(), EPOLLIN | EPOLLET, *this);
}

void Listener::on_io() { accept_all(); }

void Listener::on_deadline() { accept_all(); }

void Listener::close() {
  accept_all();
  context_.loop.unwatch(fd_.get());  // other workers may share an inherited socket
  fd_.reset();
  reserve_.reset();
}

void Listener::open_reserve() {
  if (!reserve_) reserve_ = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void Listener::accept_all() {
  const auto& listeners = context_.snapshot->listeners;
  const auto settings = std::ranges::find(listeners, address_, &ListenerSettings::address);
  if (settings == listeners.end()) {
    // Bound by a reload whose snapshot is on its way. Nobody is served as plain what TLS is for.
    context_.loop.timers().set(*this, context_.loop.now() + kAwaitSettings);
    return;
  }
  while (fd_) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    FileDescriptor fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      if (find_descriptor(fd)) {
        admit({std::move(fd), peer, *settings});
      } else {
        shed({std::move(fd), peer, *settings, ShedReason::descriptors});
      }
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (lacks_descriptor(errno) &&
        (context_.pool.drop_any_idle() || accept_with_reserve(*settings)))
      continue;
    context_.loop.timers().set(*this, context_.loop.now() + kRetryAccept);
    return;
  }
}

// Gives the connection one of the descriptors that are for traffic, if need be that of an idle
// connection to a backend. False: there is none.
bool Listener::find_descriptor(FileDescriptor& fd) {
  if (fd.get() < context_.descriptors_end) return true;
  if (!context_.pool.drop_any_idle()) {
    context_.pool.drop_any_idle_elsewhere();  // for the next one
    return false;
  }
  FileDescriptor lower(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!lower || lower.get() >= context_.descriptors_end) return false;
  fd = std::move(lower);
  return true;
}

void Listener::admit(Accepted accepted) {
  if (!context_.connection_counts.take(context_.snapshot->limits.max_connections)) {
    accepted.over = ShedReason::max_connections;
    return shed(std::move(accepted));
  }
  Connection::start(std::make_unique<Connection>(context_, connections_, std::move(accepted)));
}

void Listener::shed(Accepted accepted) {
  auto& cells = accepted.listener.state->cells[context_.index];
  cells.shed[static_cast<std::size_t>(*accepted.over)].add();
  const bool no_room = context_.turned_away >= context_.turned_away_most();
  if (*accepted.over == ShedReason::descriptors || no_room) {
    return turn_away_at_once(std::move(accepted));
  }
  Connection::start(std::make_unique<Connection>(context_, connections_, std::move(accepted)));
}

void Listener::turn_away_at_once(Accepted accepted) {
  if (accepted.listener.tls != nullptr) return;  // it would not understand the answer
  send_shed_reply(accepted.fd.get(), *accepted.over, context_.head);
}

// There is no descriptor: the reserve makes room for one connection, which is told so. False if
// another thread was quicker.
bool Listener::accept_with_reserve(const ListenerSettings& settings) {
  if (!reserve_) open_reserve();
  if (!reserve_) return false;
  reserve_.reset();
  sockaddr_storage peer{};
  FileDescriptor fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const bool accepted = static_cast<bool>(fd);
  if (accepted) shed({std::move(fd), peer, settings, ShedReason::descriptors});
  fd.reset();
  open_reserve();
  return accepted;
}

}  // namespace ficus::proxy
