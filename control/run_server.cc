#include "control/run_server.h"

#include <chrono>
#include <csignal>
#include <ctime>
#include <iostream>
#include <optional>
#include <pthread.h>

#include "config/loader.h"
#include "control/app.h"
#include "control/cli/cli.h"
#include "control/log.h"
#include "control/service/inherited_sockets.h"

namespace ficus::control {
namespace {

using std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

// The signals this process lives by, taken one at a time by the thread that waits for them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2})
      sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a log at its largest is an error of write()
  }

  int wait() {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

  // 0: none came in that time.
  int wait_for(milliseconds time) {
    timespec limit{time.count() / 1000, (time.count() % 1000) * 1'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &limit);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_{};
};

enum class Drained { finished, forced, timed_out };

bool ends(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

// A signal that comes while the process ends.
void note_late(int signal, App& app, Log& log) {
  if (signal == SIGUSR1) app.reopen_logs();
  if (signal == SIGHUP) {
    log.warning(
        "SIGHUP: draining, so the configuration is not loaded anew; the next start reads it");
  }
}

// Waits; true if another signal asks to end at once.
bool forced_within(App& app, Signals& signals, Log& log, milliseconds time) {
  const Deadline until = std::chrono::steady_clock::now() + time;
  for (auto left = time; left.count() > 0;
       left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now())) {
    const int signal = signals.wait_for(left);
    if (ends(signal)) return true;
    note_late(signal, app, log);
  }
  return false;
}

Drained drain(App& app, Signals& signals, Log& log) {
  const config::Drain drain = app.drain();
  log.info("draining: not ready from now on, accepting for another " +
           std::to_string(drain.delay.count()) + " ms");
  app.announce_drain();
  if (forced_within(app, signals, log, drain.delay)) return Drained::forced;
  app.begin_drain();
  const Deadline until = std::chrono::steady_clock::now() + drain.timeout;
  while (!app.drained()) {
    if (std::chrono::steady_clock::now() >= until) return Drained::timed_out;
    if (forced_within(app, signals, log, milliseconds(10))) return Drained::forced;
  }
  return Drained::finished;
}

void log_end(Drained outcome, Log& log) {
  switch (outcome) {
    case Drained::finished:
      return log.info("drained: every exchange was finished");
    case Drained::timed_out:
      return log.warning("drain.timeout is over: ended what was left");
    case Drained::forced:
      return log.warning("told twice to end: ended what was left");
  }
}

config::LoadOutcome load_or_report(const std::string& path) {
  config::LoadOutcome outcome = config::load(path);
  for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
    std::cerr << diagnostic.text() << '\n';
  }
  return outcome;
}

}  // namespace

int run_server(const std::string& config_path) {
  Signals signals;
  // Before anything opens descriptors.
  InheritedSockets inherited = take_inherited_sockets();
  Supervisor supervisor = Supervisor::from_environment();
  config::LoadOutcome loaded = load_or_report(config_path);
  if (!loaded.config) return kUsage;
  Log log;
  for (const std::string& fault : inherited.faults) log.warning(fault);
  App app(log, {}, std::move(supervisor));
  app.inherit(std::move(inherited.sockets));
  if (const auto failure = app.start(std::move(*loaded.config))) {
    for (const std::string& fault : failure->faults) std::cerr << fault << '\n';
    return failure->cause == StartFailure::Cause::configuration ? kUsage : kFailed;
  }
  app.log_advice(loaded.advice);

  int signal = signals.wait();
  for (; !ends(signal); signal = signals.wait()) {
    if (signal == SIGUSR1) {
      app.reopen_logs();
    } else if (signal == SIGUSR2) {
      log.warning("SIGUSR2: handing over to a new process is not in this version; nothing done");
    } else {
      app.reload(config_path);
    }
  }
  log_end(drain(app, signals, log), log);
  app.stop();
  return kOk;
}

}  // namespace ficus::control
