#include "control/change/name_watcher.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace ficus::control {

NameWatcher::NameWatcher(NameWatch how, std::function<void(const NameReport&)> report)
    : how_(std::move(how)), report_(std::move(report)) {}

void NameWatcher::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "ficus-names");
    run();
  });
}

void NameWatcher::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::uint64_t NameWatcher::watch(const std::vector<config::Backend>& backends,
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

Clock::Monotonic NameWatcher::next_due() {
  std::uniform_real_distribution<double> jitter(0.9, 1.1);
  const std::chrono::duration<double, std::milli> pause =
      std::chrono::duration<double, std::milli>(how_.interval) * jitter(random_);
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause);
}

// Nothing: the watcher ends.
std::optional<config::EndpointUrl> NameWatcher::wait_for_due() {
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
      return first->second.url;
    }
  }
}

void NameWatcher::take_in(const config::EndpointUrl& url, FoundAddresses found) {
  std::optional<NameReport> news;
  {
    const std::lock_guard lock(mutex_);
    const auto name = names_.find(url.text);
    if (name == names_.end()) return;
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

void NameWatcher::run() {
  while (const auto url = wait_for_due()) take_in(*url, how_.look_up(*url));
}

}  // namespace ficus::control
