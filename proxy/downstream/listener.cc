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

const ListenerSettings* Listener::settings() const {
  for (const ListenerSettings& settings : context_.snapshot->listeners) {
    if (settings.address == address_) return &settings;
  }
  return nullptr;
}

void Listener::accept_all() {
  const ListenerSettings* settings = this->settings();
  if (settings == nullptr) {
    // Bound by a reload whose snapshot is on its way. Nobody is served as plain what TLS is for.
    context_.loop.timers().set(*this, context_.loop.now() + kRetryAccept);
    return;
  }
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
    Connection::start(std::make_unique<Connection>(
        context_, connections_, std::move(fd),
        SocketAddress(reinterpret_cast<const sockaddr*>(&peer), size), *settings));
  }
}

}  // namespace ficus::proxy
