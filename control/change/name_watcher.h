#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/change/resolve.h"
#include "control/clock.h"

namespace ficus::control {

// How names are looked up again while the proxy runs.
struct NameWatch {
  LookUp look_up = control::look_up;
  std::chrono::milliseconds interval{30'000};  // up to a tenth more or less
};

// What is known about one name after it was looked up again.
struct NameReport {
  std::string endpoint;  // its text: "http://shop.internal:80"
  std::string host;
  std::vector<proxy::SocketAddress> addresses;  // the last good answer
  std::string fault;                            // of the last look-up; empty: it was answered
  std::uint64_t failures = 0;                   // look-ups that failed since it is watched
  std::uint64_t watch = 0;                      // which call of watch() it belongs to
};

// Looks the names of endpoints up again and again on a thread of its own, because a look-up blocks.
// A name that cannot be found keeps its last good answer. One at a time: a resolver that does not
// answer delays the next name, and nothing else.
// Threads: start(), stop(): the owner's; watch(): any; the reports come on the watcher's own.
class NameWatcher {
 public:
  NameWatcher(NameWatch how, std::function<void(const NameReport&)> report);
  ~NameWatcher() { stop(); }

  NameWatcher(const NameWatcher&) = delete;
  NameWatcher& operator=(const NameWatcher&) = delete;

  // CPU time of the watcher's thread. Any thread.
  std::chrono::nanoseconds cpu_time() const;

  void start();
  // No report comes after it. Joins the thread, unless a look-up is under way that takes longer
  // than kPatience (a resolver that does not answer): the process must be able to end. That thread
  // then ends with its look-up.
  void stop();
  static constexpr std::chrono::milliseconds kPatience{500};

  // Watches the names of these from now on. `known`: what they stand for; `kept`: why that is an
  // answer of before, for endpoints whose name could not be found just now, which counts. Returns
  // the number that reports have from now on; one with another number is older than `known`.
  std::uint64_t watch(const std::vector<config::Backend>& backends, const Addresses& known,
                      const std::map<std::string, std::string>& kept = {});

 private:
  class State;  // what the thread shares, which may live longer than this

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace ficus::control
