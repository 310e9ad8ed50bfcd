#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>

#include "proxy/net/file_descriptor.h"

namespace ficus::control {

// A destination of log lines, open for appending. One thread.
class LogFile {
 public:
  // Creates the file (mode 0640) if there is none, never its folder. "/dev/stdout" and
  // "/dev/stderr" are those of this process, whatever they are. Gives a sentence about what failed
  // and how to mend it otherwise.
  static std::variant<LogFile, std::string> open(const std::string& path);

  // Like write(2), but never waits for a reader: -1 and EAGAIN if one is behind.
  ssize_t write(std::string_view bytes);

  // To be polled for POLLOUT after EAGAIN.
  int descriptor() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  enum class Kind { file, stream, socket };

  LogFile(std::string path, proxy::FileDescriptor fd);

  std::string path_;
  proxy::FileDescriptor fd_;
  Kind kind_ = Kind::file;
};

}  // namespace ficus::control
