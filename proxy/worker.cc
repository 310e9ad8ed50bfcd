#include "proxy/worker.h"

#include <algorithm>
#include <ctime>
#include <pthread.h>

namespace ficus::proxy {
namespace {

constexpr std::chrono::milliseconds kReadCpuEvery{100};

std::uint64_t thread_cpu_micros() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1'000;
}

}  // namespace

Worker::Worker(std::size_t index, std::size_t workers, ConnectionCounts& counts,
               int descriptors_end)
    : context_(index, workers, counts, descriptors_end) {}

Worker::~Worker() { stop(); }

void Worker::start() {
  thread_ = std::thread([this] {
    const ThreadClock::Running running(cpu_);
    const std::string name = "ficus-w" + std::to_string(context_.index);
    ::pthread_setname_np(::pthread_self(), name.c_str());
    context_.loop.run([this] { after_turn(); });
    // What is left dies on the thread that it lived on.
    listeners_.clear();
    connections_.clear();
    context_.pool.clear();
    context_.loop.clear_retired();
    context_.snapshot = {};
  });
}

void Worker::after_turn() {
  if (context_.loop.now() - cpu_read_at_ < kReadCpuEvery) return;
  cpu_read_at_ = context_.loop.now();
  context_.cells.busy_micros.set(thread_cpu_micros());
}

void Worker::install(std::shared_ptr<const RoutingSnapshot> snapshot) {
  context_.loop.post([this, snapshot = std::move(snapshot)]() mutable {
    const std::uint64_t version = snapshot->version;
    context_.install(SnapshotRef(std::move(snapshot)));
    context_.pool.drop_gone();
    for (const auto& backend : context_.snapshot->backends) {
      context_.pool.preconnect(*backend, context_.tls);
    }
    context_.cells.applied_version.set(version);
  });
}

void Worker::add_listener(std::string address, FileDescriptor fd) {
  // std::function wants copies.
  auto shared = std::make_shared<FileDescriptor>(std::move(fd));
  context_.loop.post([this, address = std::move(address), shared] {
    listeners_.push_back(
        std::make_unique<Listener>(context_, connections_, address, std::move(*shared)));
  });
}

void Worker::remove_listener(std::string address) {
  context_.loop.post([this, address = std::move(address)] {
    const auto found = std::ranges::find_if(
        listeners_, [&](const auto& listener) { return listener->address() == address; });
    if (found == listeners_.end()) return;
    (*found)->close();
    context_.loop.retire(std::move(*found));
    listeners_.erase(found);
  });
}

void Worker::add_ticket_key(const TlsTicketKey& key) {
  context_.loop.post([this, key] { context_.tls.tickets.add(key); });
}

void Worker::begin_drain() {
  context_.loop.post([this] {
    for (auto& listener : listeners_) {
      listener->close();
      context_.loop.retire(std::move(listener));
    }
    listeners_.clear();
    context_.draining = true;
    connections_.drain();
    draining_.store(true, std::memory_order_release);
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  context_.loop.stop();
  thread_.join();
}

}  // namespace ficus::proxy
