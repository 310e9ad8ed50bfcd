#include "control/service/inherited_sockets.h"

#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "proxy/net/address.h"

namespace ficus::control {
namespace {

constexpr int kFirst = 3;
constexpr int kMost = 1024;

std::optional<int> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return {};
  return value;
}

// "web:admin", one for each descriptor; empty where there is none.
std::string name_of(std::string_view names, int index) {
  for (; index > 0; --index) {
    const std::size_t colon = names.find(':');
    names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
  }
  return std::string(names.substr(0, names.find(':')));
}

int option(int fd, int which) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

void take(int fd, const std::string& name, InheritedSockets& result) {
  const std::string what =
      "inherited descriptor " + std::to_string(fd) + (name.empty() ? "" : " (" + name + ")");
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    result.faults.push_back(what + " is not open");
    return;
  }
  proxy::FileDescriptor owned(fd);
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const bool is_listening = option(fd, SO_TYPE) == SOCK_STREAM && option(fd, SO_ACCEPTCONN) == 1;
  if (!is_listening || ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0 ||
      (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)) {
    result.faults.push_back(what + " is no listening TCP socket: give ficus ListenStream= only");
    return;
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  const proxy::SocketAddress address(reinterpret_cast<const sockaddr*>(&storage), size);
  result.sockets.push_back({address.text(), name, std::move(owned)});
}

}  // namespace

InheritedSockets take_inherited_sockets() {
  InheritedSockets result;
  const std::optional<int> pid = number(std::getenv("LISTEN_PID"));
  const std::optional<int> count = number(std::getenv("LISTEN_FDS"));
  const char* names = std::getenv("LISTEN_FDNAMES");
  if (pid == ::getpid() && count && *count <= kMost) {
    for (int i = 0; i < *count; ++i) {
      take(kFirst + i, name_of(names == nullptr ? "" : names, i), result);
    }
  }
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(variable);
  }
  return result;
}

}  // namespace ficus::control
