#include "control/log/log_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ficus::control {
namespace {

constexpr mode_t kMode = 0640;

// The sockets that service managers give as standard output cannot be opened by name.
int open_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (path == "/dev/stderr") return ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                kMode);
}

std::string sentence(const std::string& path, int error) {
  const std::string text = path + " cannot be opened: " + std::strerror(error);
  switch (error) {
    case ENOENT:
      return text + "; its folder must exist";
    case EACCES:
    case EPERM:
      return text + "; user " + std::to_string(::geteuid()) +
             ", as which ficus runs, must be allowed to write it and to create it in its folder";
    case EROFS:
      return text + "; choose a path that can be written (in a service: LogsDirectory=)";
    case ENXIO:
      return text + "; nobody reads this pipe: start its reader first";
    case EISDIR:
      return text + "; name a file in it";
    default:
      return text;
  }
}

}  // namespace

LogFile::LogFile(std::string path, proxy::FileDescriptor fd)
    : path_(std::move(path)), fd_(std::move(fd)) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0 || S_ISREG(status.st_mode)) return;
  kind_ = S_ISSOCK(status.st_mode) ? Kind::socket : Kind::stream;
}

std::variant<LogFile, std::string> LogFile::open(const std::string& path) {
  proxy::FileDescriptor fd(open_descriptor(path));
  if (!fd) return sentence(path, errno);
  return LogFile(path, std::move(fd));
}

ssize_t LogFile::write(std::string_view bytes) {
  switch (kind_) {
    case Kind::file:
      break;
    case Kind::socket:
      return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Kind::stream: {
      // Standard output is shared with others and must not be made non-blocking: a pipe that is
      // writable takes PIPE_BUF bytes without waiting.
      pollfd ready{fd_.get(), POLLOUT, 0};
      if (::poll(&ready, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
      }
      return ::write(fd_.get(), bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    }
  }
  return ::write(fd_.get(), bytes.data(), bytes.size());
}

}  // namespace ficus::control
