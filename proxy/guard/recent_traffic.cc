#include "proxy/guard/recent_traffic.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace ficus::proxy {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Sticky hashes of one side share their upper bits, so they are mixed once more (splitmix64).
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

std::uint8_t KeySketch::rank_of(std::uint64_t mixed) {
  constexpr int kIndexBits = std::countr_zero(kRegisters);
  const int zeros = std::countl_zero(mixed);
  return static_cast<std::uint8_t>(std::min(zeros, 64 - kIndexBits) + 1);
}

void KeySketch::merge(const KeySketch& other) {
  for (std::size_t i = 0; i < kRegisters; ++i) raise(i, other.registers_[i]);
}

double KeySketch::estimate() const {
  constexpr double m = kRegisters;
  constexpr double alpha = 0.7213 / (1 + 1.079 / m);
  double sum = 0;
  int empty = 0;
  for (const std::uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    if (rank == 0) ++empty;
  }
  const double raw = alpha * m * m / sum;
  if (raw <= 2.5 * m && empty > 0) return m * std::log(m / empty);
  return raw;
}

RecentTraffic::RecentTraffic(std::size_t workers) : worker_clients_(workers) {}

void RecentTraffic::note(std::size_t worker, std::uint64_t client,
                         std::optional<std::uint64_t> key) {
  const std::uint32_t minute = minute_.load(kRelaxed);
  if (key && worker_keys_) note_key(worker, minute, *key);
  WorkerClients& own = worker_clients_[worker];
  if (own.minute.load(kRelaxed) != minute) {
    own.count.store(0, kRelaxed);
    own.minute.store(minute, kRelaxed);
  }
  const std::uint32_t count = own.count.load(kRelaxed);
  if (count == kClients) return;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (own.clients[i].load(kRelaxed) == client) return;
  }
  own.clients[count].store(client, kRelaxed);
  own.count.store(count + 1, kRelaxed);
}

void RecentTraffic::note_key(std::size_t worker, std::uint32_t minute, std::uint64_t key) {
  WorkerKeys& own = worker_keys_[worker];
  if (own.minute.load(kRelaxed) != minute) {
    for (auto& rank : own.registers) rank.store(0, kRelaxed);
    own.minute.store(minute, kRelaxed);
  }
  const std::uint64_t mixed = mix(key);
  auto& rank = own.registers[KeySketch::register_of(mixed)];
  const std::uint8_t found = KeySketch::rank_of(mixed);
  if (found > rank.load(kRelaxed)) rank.store(found, kRelaxed);
}

void RecentTraffic::track_keys(SteadyTime now) {
  if (worker_keys_) return;
  worker_keys_ = std::make_unique<WorkerKeys[]>(worker_clients_.size());
  past_keys_.resize(kMinutes);
  keys_since_ = now;
}

void RecentTraffic::advance(SteadyTime now) {
  if (!minute_began_) minute_began_ = now;
  if (now - *minute_began_ < std::chrono::minutes(1)) return;
  minute_began_ = now;
  const std::uint32_t minute = minute_.load(kRelaxed);
  Clients& clients = past_clients_[minute % kMinutes];
  clients = {};
  collect(clients);
  if (!past_keys_.empty()) {
    KeySketch& keys = past_keys_[minute % kMinutes];
    keys.clear();
    collect(keys);
  }
  minute_.store(minute + 1, kRelaxed);
}

std::size_t RecentTraffic::active_clients() const {
  Clients all;
  for (const Clients& past : past_clients_) {
    for (std::size_t i = 0; i < past.count; ++i) all.add(past.clients[i]);
  }
  collect(all);
  return all.count;
}

double RecentTraffic::keys() const {
  KeySketch all;
  for (const KeySketch& past : past_keys_) all.merge(past);
  collect(all);
  return all.estimate();
}

void RecentTraffic::Clients::add(std::uint64_t client) {
  if (count == kClients) return;
  const auto end = clients.begin() + static_cast<std::ptrdiff_t>(count);
  if (std::find(clients.begin(), end, client) == end) clients[count++] = client;
}

void RecentTraffic::collect(Clients& clients) const {
  const std::uint32_t minute = minute_.load(kRelaxed);
  for (const WorkerClients& own : worker_clients_) {
    if (own.minute.load(kRelaxed) != minute) continue;
    const std::uint32_t count = own.count.load(kRelaxed);
    for (std::uint32_t i = 0; i < count; ++i) clients.add(own.clients[i].load(kRelaxed));
  }
}

void RecentTraffic::collect(KeySketch& keys) const {
  if (!worker_keys_) return;
  const std::uint32_t minute = minute_.load(kRelaxed);
  for (std::size_t worker = 0; worker < worker_clients_.size(); ++worker) {
    const WorkerKeys& own = worker_keys_[worker];
    if (own.minute.load(kRelaxed) != minute) continue;
    for (std::size_t i = 0; i < KeySketch::kRegisters; ++i) {
      keys.raise(i, own.registers[i].load(kRelaxed));
    }
  }
}

}  // namespace ficus::proxy
