#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Preloaded into a proxy, spins for FICUS_LOADTEST_BUSY_US microseconds of CPU before each answer
// that it sends to a client. A comparison that cannot see this proxy lose measures nothing.
// The product itself knows nothing of it.
namespace {

long long now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

void spin_if_answer(const void* data, std::size_t size) {
  static const long long kNanoseconds = [] {
    const char* text = std::getenv("FICUS_LOADTEST_BUSY_US");
    return static_cast<long long>((text == nullptr ? 5.0 : std::atof(text)) * 1000);
  }();
  if (size < 12 || std::memcmp(data, "HTTP/1.1 ", 9) != 0) return;
  const long long end = now() + kNanoseconds;
  while (now() < end) {
  }
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t send(int fd, const void* data, std::size_t size, int flags) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t, int)>("send");
  spin_if_answer(data, size);
  return real(fd, data, size, flags);
}

extern "C" ssize_t write(int fd, const void* data, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  spin_if_answer(data, size);
  return real(fd, data, size);
}

extern "C" ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = next<ssize_t (*)(int, const iovec*, int)>("writev");
  if (count > 0) spin_if_answer(parts[0].iov_base, parts[0].iov_len);
  return real(fd, parts, count);
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = next<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
  if (message->msg_iovlen > 0) {
    spin_if_answer(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
  }
  return real(fd, message, flags);
}
