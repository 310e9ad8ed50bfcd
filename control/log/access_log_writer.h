#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/log.h"
#include "control/log/log_file.h"
#include "proxy/log/access_log.h"
#include "proxy/net/thread_clock.h"

namespace ficus::control {

// Writes the lines of all workers. Lines of one worker keep their order; those of different workers
// may be up to kPause out of order. A destination that is full or failing stops nothing but this
// writer: lines wait in the rings, a line that was begun is finished first, and what finds no room
// there is dropped and counted by the workers.
// Threads: use(), reopen(), stop(): any, one at a time or not. The thread begins with use().
class AccessLogWriter {
 public:
  static constexpr std::chrono::milliseconds kPause{100};
  // How long stop() waits for a reader that is behind.
  static constexpr std::chrono::milliseconds kLastPatience{2'000};

  // The sources outlive this object.
  AccessLogWriter(Log& log, std::vector<proxy::AccessLog*> sources);
  ~AccessLogWriter();  // stops

  AccessLogWriter(const AccessLogWriter&) = delete;
  AccessLogWriter& operator=(const AccessLogWriter&) = delete;

  // From the return on lines go there; what waits goes to the file before, if that takes it. Waits
  // for the writer, a second at most. The file stays open when the log is switched off, for
  // requests that began before.
  void use(LogFile file);

  // Opens the same path anew: its file was moved away. What waits goes to the old one.
  void reopen();

  // Writes what is left and ends the thread. To be called when no worker writes any more.
  void stop();

  // Lines that were never written, of all workers.
  std::uint64_t dropped() const;

  // CPU time of the writer's thread. Any thread.
  std::chrono::nanoseconds cpu_time() const { return cpu_.used(); }

 private:
  enum class Drained { all, blocked, failed };
  struct Orders {
    std::optional<LogFile> file;
    bool reopen = false;
    bool stop = false;
  };

  void run();
  void wait(Drained last);
  Orders take_orders();
  Drained drain();
  Drained drain(std::size_t source);
  void open_anew();
  void switch_to(LogFile file);
  void finish();
  void give_up_torn_line();
  void give_up_all();
  void note_failure(int error);
  void note_success();
  void tell_drops();
  void wake();

  Log& log_;
  const std::vector<proxy::AccessLog*> sources_;
  proxy::FileDescriptor wake_;

  // writer thread
  std::optional<LogFile> file_;
  std::optional<std::size_t> torn_;  // the source whose line was begun
  bool failing_ = false;
  std::uint64_t dropped_told_ = 0;
  std::chrono::steady_clock::time_point told_at_{};

  // shared
  std::mutex mutex_;
  Orders orders_;
  bool switched_ = false;
  std::condition_variable switch_done_;
  proxy::ThreadClock cpu_;
  std::thread thread_;
};

}  // namespace ficus::control
