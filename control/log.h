#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace ficus::control {

// The server's log: one fact a line on stderr, "TIME LEVEL text". Thread-safe.
class Log {
 public:
  Log();                           // to stderr
  explicit Log(std::string path);  // to a file; throws when it cannot be opened
  ~Log();

  // Writes nothing; for programs that show their own output.
  static Log silent();

  void info(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);

 private:
  explicit Log(std::shared_ptr<spdlog::logger> logger);

  std::shared_ptr<spdlog::logger> logger_;
};

// A value for "key=value" in a log line: quoted when it has spaces or quotes, control characters
// replaced, at most 200 characters.
std::string in_quotes(std::string_view value);

}  // namespace ficus::control
