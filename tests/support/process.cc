#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ficus::tests {
namespace {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> result;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    bool replaced = false;
    for (const auto& [name, value] : added) {
      replaced =
          replaced || (entry.starts_with(name) && entry.substr(name.size()).starts_with('='));
    }
    if (!replaced) result.emplace_back(entry);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// In the child after fork: async-signal-safe calls only.
struct ChildSetup {
  char* const* arguments;
  char* const* environment;
  const char* program;
  const char* folder;
  int in;
  int out;
  int error;
};

[[noreturn]] void become(const ChildSetup& setup) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  ::dup2(setup.in, STDIN_FILENO);
  ::dup2(setup.out, STDOUT_FILENO);
  ::dup2(setup.error, STDERR_FILENO);
  if (setup.folder[0] == '\0' || ::chdir(setup.folder) == 0) {
    ::execve(setup.program, setup.arguments, setup.environment);
  }
  ::_exit(127);
}

}  // namespace

Process::Process(const Command& command) : wake_(::eventfd(0, EFD_CLOEXEC)) {
  const auto program = find_program(command.arguments.at(0));
  if (!program) throw HarnessError("program not found: " + command.arguments[0]);
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_with(command.environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const std::string folder = command.folder.string();
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe error = make_pipe();
  const ChildSetup setup{argument_pointers.data(),
                         environment_pointers.data(),
                         program->c_str(),
                         folder.c_str(),
                         in.read.get(),
                         out.write.get(),
                         error.write.get()};
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) become(setup);
  ::setpgid(pid_, pid_);  // whoever is first, parent or child
  // Fits the pipe's buffer, so this does not block.
  if (!command.input.empty() &&
      ::write(in.write.get(), command.input.data(), command.input.size()) < 0) {
    throw_errno("write to " + command.arguments[0]);
  }
  in.write.close();
  out.write.close();
  error.write.close();
  reader_ = std::thread([this, o = std::move(out.read), e = std::move(error.read)]() mutable {
    read_output(std::move(o), std::move(e));
  });
}

Process::~Process() {
  if (running()) {
    ::kill(-pid_, SIGKILL);  // children of its own included
    reap(0);
  }
  // A grandchild that outlived it may still hold the pipes.
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof(one)) < 0) std::abort();
  reader_.join();
}

void Process::read_output(Descriptor out, Descriptor error) {
  std::array<pollfd, 3> polled{pollfd{out.get(), POLLIN, 0}, pollfd{error.get(), POLLIN, 0},
                               pollfd{wake_.get(), POLLIN, 0}};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[2].revents != 0) break;
    for (std::size_t i = 0; i < 2; ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      std::array<char, 16384> bytes;
      const ssize_t count = ::read(polled[i].fd, bytes.data(), bytes.size());
      const std::lock_guard lock(mutex_);
      if (count > 0) {
        (i == 0 ? out_ : error_).append(bytes.data(), static_cast<std::size_t>(count));
        both_.append(bytes.data(), static_cast<std::size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        polled[i].fd = -1;
      }
      changed_.notify_all();
    }
  }
  const std::lock_guard lock(mutex_);
  output_ended_ = true;
  changed_.notify_all();
}

void Process::signal(int number) const {
  // Not reaped yet, so the number is still this child's.
  if (!exit_) ::kill(pid_, number);
}

std::string Process::wait_for_line(std::string_view text, milliseconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  std::unique_lock lock(mutex_);
  while (true) {
    std::size_t end;
    while ((end = both_.find('\n', read_)) != std::string::npos) {
      std::string line = both_.substr(read_, end - read_);
      read_ = end + 1;
      if (line.find(text) != std::string::npos) return line;
    }
    if (output_ended_) {
      throw HarnessError("program ended without the line '" + std::string(text) +
                         "'; its output:\n" + both_);
    }
    if (changed_.wait_until(lock, until) == std::cv_status::timeout) {
      throw HarnessError("deadline passed while waiting for the line '" + std::string(text) +
                         "'; output so far:\n" + both_);
    }
  }
}

bool Process::reap(int options) {
  if (exit_) return true;
  int status = 0;
  pid_t found;
  while ((found = ::waitpid(pid_, &status, options)) < 0 && errno == EINTR) {
  }
  if (found != pid_) return false;
  exit_ = WIFEXITED(status) ? Exit{WEXITSTATUS(status), 0} : Exit{-1, WTERMSIG(status)};
  return true;
}

bool Process::running() { return !reap(WNOHANG); }

Exit Process::wait(milliseconds patience) {
  if (!eventually([&] { return reap(WNOHANG); }, patience)) {
    throw HarnessError("program still runs; its output so far:\n" + output());
  }
  // What it wrote last is still in the pipe. A grandchild may hold the pipe open for longer.
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, milliseconds(1000), [&] { return output_ended_; });
  return *exit_;
}

std::string Process::out() const {
  const std::lock_guard lock(mutex_);
  return out_;
}

std::string Process::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  return both_;
}

std::size_t Process::resident_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) * 1024;
  }
  throw HarnessError("no VmRSS for process " + std::to_string(pid_));
}

Finished run(const Command& command, milliseconds patience) {
  Process process(command);
  const Exit exit = process.wait(patience);
  return {exit, process.out(), process.error()};
}

std::optional<std::string> find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin");
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    const std::string program = folder + "/" + std::string(name);
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

}  // namespace ficus::tests
