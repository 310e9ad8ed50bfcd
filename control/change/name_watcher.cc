#include "control/change/name_watcher.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <random>
#include <utility>

#include "proxy/net/thread_clock.h"

namespace ficus::control {

class NameWatcher::State {
 public:
  State(NameWatch how, std::function<void(const NameReport&)> report)
      : how_(std::move(how)), report_(std::move(report)) {}

  void run();
  // True: run() has ended or is about to. False: a look-up holds it up; it reports nothing more.
  bool stop();
  proxy::ThreadClock& cpu() { return cpu_; }
  std::uint64_t watch(const std::vector<config::Backend>& backends, const Addresses& known,
                      const std::map<std::string, std::string>& kept);

 private:
  struct Name {
    config::EndpointUrl url;
    NameReport last;
    Clock::Monotonic due;
  };

  Clock::Monotonic next_due();
  std::optional<config::EndpointUrl> wait_for_due();
  void take_in(const config::EndpointUrl& url, FoundAddresses found);

  const NameWatch how_;
  const std::function<void(const NameReport&)> report_;
  proxy::ThreadClock cpu_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::map<std::string, Name> names_;  // by the endpoint's text
  std::minstd_rand random_{std::random_device{}()};
  std::uint64_t watch_ = 0;
  bool looking_up_ = false;
  bool stopping_ = false;
};

bool NameWatcher::State::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, kPatience, [this] { return !looking_up_; });
}

std::uint64_t NameWatcher::State::watch(const std::vector<config::Backend>& backends,
                                        const Addresses& known,
                                        const std::map<std::string, std::string>& kept) {
  const std::lock_guard lock(mutex_);
  ++watch_;
  std::map<std::string, Name> names;
  for (const config::Backend& backend : backends) {
    for (const config::EndpointUrl& url : backend.endpoints) {
      if (!has_name(url) || names.count(url.text) != 0) continue;
      Name name{url, {url.text, url.host, known.at(url.text), {}, 0, watch_}, next_due()};
      const auto old = names_.find(url.text);
      if (old != names_.end()) {
        name.due = old->second.due;
        name.last.failures = old->second.last.failures;
      }
      const auto lost = kept.find(url.text);
      if (lost != kept.end()) {
        name.last.fault = lost->second;
        ++name.last.failures;
      }
      names.emplace(url.text, std::move(name));
    }
  }
  names_ = std::move(names);
  changed_.notify_all();
  return watch_;
}

Clock::Monotonic NameWatcher::State::next_due() {
  std::uniform_real_distribution<double> jitter(0.9, 1.1);
  const std::chrono::duration<double, std::milli> pause =
      std::chrono::duration<double, std::milli>(how_.interval) * jitter(random_);
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause);
}

// Nothing: the watcher ends.
std::optional<config::EndpointUrl> NameWatcher::State::wait_for_due() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const auto first =
        std::min_element(names_.begin(), names_.end(),
                         [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (first == names_.end()) {
      changed_.wait(lock);
    } else if (first->second.due > std::chrono::steady_clock::now()) {
      const auto due = first->second.due;  // the entry may go while we wait
      changed_.wait_until(lock, due);
    } else {
      looking_up_ = true;
      return first->second.url;
    }
  }
}

void NameWatcher::State::take_in(const config::EndpointUrl& url, FoundAddresses found) {
  std::optional<NameReport> news;
  {
    const std::lock_guard lock(mutex_);
    looking_up_ = false;
    changed_.notify_all();
    const auto name = names_.find(url.text);
    if (stopping_ || name == names_.end()) return;
    name->second.due = next_due();
    NameReport& last = name->second.last;
    const bool was_found = last.fault.empty();
    if (found.fault.empty() && found.addresses == last.addresses && was_found) return;
    if (found.fault.empty()) {
      last.addresses = std::move(found.addresses);
    } else {
      ++last.failures;
    }
    last.fault = std::move(found.fault);
    news = last;
  }
  report_(*news);
}

void NameWatcher::State::run() {
  while (const auto url = wait_for_due()) take_in(*url, how_.look_up(*url));
}

NameWatcher::NameWatcher(NameWatch how, std::function<void(const NameReport&)> report)
    : state_(std::make_shared<State>(std::move(how), std::move(report))) {}

void NameWatcher::start() {
  thread_ = std::thread([state = state_] {
    const proxy::ThreadClock::Running running(state->cpu());
    ::pthread_setname_np(::pthread_self(), "ficus-names");
    state->run();
  });
}

std::chrono::nanoseconds NameWatcher::cpu_time() const { return state_->cpu().used(); }

void NameWatcher::stop() {
  if (!thread_.joinable()) return;
  if (state_->stop()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::uint64_t NameWatcher::watch(const std::vector<config::Backend>& backends,
                                 const Addresses& known,
                                 const std::map<std::string, std::string>& kept) {
  return state_->watch(backends, known, kept);
}

}  // namespace ficus::control
