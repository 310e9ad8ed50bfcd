#include "config/environment.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "config/units.h"

namespace ficus::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

FileText cannot_read(int error) {
  return {std::nullopt, "cannot be read: " + std::generic_category().message(error)};
}

FileText too_large(std::size_t limit) {
  return {std::nullopt, "is larger than " + format_size(limit) + ", the most that is read"};
}

FileText read_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return cannot_read(errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return cannot_read(errno);
  if (S_ISDIR(info.st_mode)) return {std::nullopt, "is a directory, not a file"};
  if (S_ISREG(info.st_mode) && static_cast<std::uintmax_t>(info.st_size) > limit) {
    return too_large(limit);
  }
  std::string text;
  std::array<char, 16 * 1024> chunk;
  while (true) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(errno);
    if (got == 0) return {std::move(text), {}};
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > limit) return too_large(limit);
  }
}

std::vector<std::string> expand(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());  // by bytes: the same order in every locale
  return paths;
}

}  // namespace

Environment process_environment() {
  return {
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      },
      read_file,
      expand,
  };
}

Environment empty_environment() {
  return {
      [](const std::string&) { return std::nullopt; },
      [](const std::string&, std::size_t) {
        return FileText{std::nullopt, "cannot be read: there are no files here"};
      },
      [](const std::string&) { return std::vector<std::string>{}; },
  };
}

}  // namespace ficus::config
