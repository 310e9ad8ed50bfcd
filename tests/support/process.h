#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/deadline.h"
#include "tests/support/socket.h"

namespace ficus::tests {

struct Command {
  std::vector<std::string> arguments;  // the program first; looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment{};  // added to ours
  std::filesystem::path folder{};                                  // working directory; empty: ours
  std::string input{};  // standard input, a few KiB at most
};

// How a program ended.
struct Exit {
  int code = -1;   // of exit(), -1 if a signal ended it
  int signal = 0;  // that ended it
};

// A child process: its output is kept, and it does not outlive this object.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();  // SIGKILL to it and its children if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;  // nothing if it has ended

  // The first line of standard output or error that contains `text`, from where the previous
  // call of wait_for_line stopped; moves behind it. Throws with the output so far if the
  // deadline passes or the program ends without it.
  std::string wait_for_line(std::string_view text, milliseconds patience = kPatience);
  // Throws if it still runs at the deadline.
  Exit wait(milliseconds patience = kPatience);
  bool running();

  std::string out() const;     // standard output so far
  std::string error() const;   // standard error so far
  std::string output() const;  // both, in order of arrival

  std::size_t resident_bytes() const;  // VmRSS

 private:
  void read_output(Descriptor out, Descriptor error);
  bool reap(int options);

  pid_t pid_ = -1;
  std::optional<Exit> exit_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string out_;
  std::string error_;
  std::string both_;
  std::size_t read_ = 0;  // of both_, by wait_for_line
  bool output_ended_ = false;

  Descriptor wake_;  // readable once the reader shall end
  std::thread reader_;
};

struct Finished {
  Exit exit;
  std::string out;
  std::string error;
};

// Runs a program to its end.
Finished run(const Command& command, milliseconds patience = kPatience);

// Whether a program is found in PATH, /usr/sbin and /sbin; its path.
std::optional<std::string> find_program(std::string_view name);

}  // namespace ficus::tests
