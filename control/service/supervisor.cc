#include "control/service/supervisor.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>

#include "proxy/net/file_descriptor.h"

namespace ficus::control {
namespace {

constexpr const char* kVariable = "NOTIFY_SOCKET";

std::uint64_t monotonic_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  Supervisor supervisor;
  const char* value = std::getenv(kVariable);
  if (value == nullptr) return supervisor;
  const std::string_view address(value);
  const bool is_usable = address.size() > 1 && address.size() < sizeof(sockaddr_un::sun_path) &&
                         (address.front() == '/' || address.front() == '@');
  if (is_usable) supervisor.address_ = address;
  ::unsetenv(kVariable);
  return supervisor;
}

void Supervisor::ready(std::string_view status) const {
  send("READY=1\nSTATUS=" + std::string(status));
}

void Supervisor::reloading() const {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_micros()) +
       "\nSTATUS=loading the configuration anew");
}

void Supervisor::stopping(std::string_view status, std::chrono::milliseconds within) const {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(within).count();
  send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(micros) +
       "\nSTATUS=" + std::string(status));
}

void Supervisor::send(const std::string& message) const {
  if (address_.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const proxy::FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace ficus::control
