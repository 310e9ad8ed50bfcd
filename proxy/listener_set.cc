#include "proxy/listener_set.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>

#include "proxy/net/address.h"

namespace ficus::proxy {
namespace {

enum class Sharing { exclusive, reuse_port };

struct BindFailure {
  int error;
};

std::variant<FileDescriptor, BindFailure> bind_socket(const SocketAddress& address,
                                                      Sharing sharing) {
  FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return BindFailure{errno};
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::reuse_port) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  // Accepted sockets inherit it: one system call less for each connection.
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (address.family() == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(fd.get(), address.data(), address.length()) != 0) return BindFailure{errno};
  if (::listen(fd.get(), SOMAXCONN) != 0) return BindFailure{errno};
  return fd;
}

std::string sentence(const config::Listener& listener, int error) {
  const std::string text = "listener " + listener.address();
  switch (error) {
    case EADDRINUSE:
      return text + ": the address is in use by another process; stop it or choose another port";
    case EACCES:
      return text +
             ": no permission to bind this port; choose one above 1023 or grant "
             "CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return text + ": this machine has no such address; use one of its own or 0.0.0.0";
    default:
      return text + ": " + std::strerror(error);
  }
}

SocketAddress bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return {reinterpret_cast<const sockaddr*>(&storage), size};
}

}  // namespace

const InheritedSocket* find_inherited(const std::vector<InheritedSocket>& sockets,
                                      const std::string& host, std::uint16_t port) {
  const auto address = SocketAddress::parse(host, port);
  if (!address) return nullptr;
  const std::string text = address->text();
  for (const InheritedSocket& socket : sockets) {
    if (socket.address == text) return &socket;
  }
  return nullptr;
}

std::variant<BoundAddress, std::string> share_inherited(const config::Listener& listener,
                                                        const InheritedSocket& socket,
                                                        std::size_t workers) {
  const int on = 1;
  ::setsockopt(socket.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  BoundAddress result{listener.address(), socket.address, {}};
  for (std::size_t i = 0; i < workers; ++i) {
    FileDescriptor fd(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!fd) return sentence(listener, errno);
    result.sockets.push_back(std::move(fd));
  }
  return result;
}

std::variant<BoundAddress, std::string> bind_listener(const config::Listener& listener,
                                                      std::size_t workers) {
  const auto address = SocketAddress::parse(listener.host, listener.port);
  if (!address) return sentence(listener, EADDRNOTAVAIL);
  SocketAddress target = *address;
  {
    // SO_REUSEPORT would silently share the port with a second process of the same user.
    auto probe = bind_socket(target, Sharing::exclusive);
    if (auto* failure = std::get_if<BindFailure>(&probe)) return sentence(listener, failure->error);
    target = bound_address(std::get<FileDescriptor>(probe).get());
  }
  BoundAddress result{listener.address(), target.text(), {}};
  for (std::size_t i = 0; i < workers; ++i) {
    auto socket = bind_socket(target, Sharing::reuse_port);
    if (auto* failure = std::get_if<BindFailure>(&socket)) {
      return sentence(listener, failure->error);
    }
    result.sockets.push_back(std::move(std::get<FileDescriptor>(socket)));
  }
  return result;
}

}  // namespace ficus::proxy
