#include "proxy/downstream/listener.h"

#include <cerrno>
#include <sys/socket.h>

namespace ficus::proxy {
namespace {

// Out of descriptors: no edge will come for what is queued, so it is tried again.
constexpr std::chrono::milliseconds kRetryAccept{100};

}  // namespace

Listener::Listener(WorkerContext& context, ConnectionList& connections, std::string address,
                   FileDescriptor fd)
    : context_(context),
      connections_(connections),
      address_(std::move(address)),
      fd_(std::move(fd)) {
  context_.loop.watch(fd_.get(), EPOLLIN | EPOLLET, *this);
}

void Listener::on_io() { accept_all(); }

void Listener::on_deadline() { accept_all(); }

void Listener::close() {
  accept_all();
  context_.loop.unwatch(fd_.get());  // other workers may share an inherited socket
  fd_.reset();
}

void Listener::accept_all() {
  while (fd_) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    FileDescriptor fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        context_.loop.timers().set(*this, context_.loop.now() + kRetryAccept);
      }
      return;
    }
    config::ListenerTimeouts timeouts;
    for (const ListenerSettings& settings : context_.snapshot->listeners) {
      if (settings.address == address_) timeouts = settings.timeouts;
    }
    Connection::start(std::make_unique<Connection>(
        context_, connections_, std::move(fd),
        SocketAddress(reinterpret_cast<const sockaddr*>(&peer), size), timeouts));
  }
}

}  // namespace ficus::proxy
