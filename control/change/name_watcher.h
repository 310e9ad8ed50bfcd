#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
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

  void start();
  // Joins the thread; a look-up that is under way is waited for.
  void stop();

  // Watches the names of these from now on. `known`: what they stand for; `kept`: why that is an
  // answer of before, for endpoints whose name could not be found just now, which counts. Returns
  // the number that reports have from now on; one with another number is older than `known`.
  std::uint64_t watch(const std::vector<config::Backend>& backends, const Addresses& known,
                      const std::map<std::string, std::string>& kept = {});

 private:
  struct Name {
    config::EndpointUrl url;
    NameReport last;
    Clock::Monotonic due;
  };

  void run();
  Clock::Monotonic next_due();
  std::optional<config::EndpointUrl> wait_for_due();
  void take_in(const config::EndpointUrl& url, FoundAddresses found);

  const NameWatch how_;
  const std::function<void(const NameReport&)> report_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<std::string, Name> names_;  // by the endpoint's text
  std::minstd_rand random_{std::random_device{}()};
  std::uint64_t watch_ = 0;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace ficus::control
