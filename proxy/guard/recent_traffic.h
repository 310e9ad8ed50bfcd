#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// About how many distinct keys were added: 1,024 registers of a HyperLogLog (Flajolet et al. 2007),
// with linear counting while few are set. Off by about 3 %.
class KeySketch {
 public:
  static constexpr std::size_t kRegisters = 1024;

  static std::size_t register_of(std::uint64_t mixed) { return mixed % kRegisters; }
  static std::uint8_t rank_of(std::uint64_t mixed);

  void raise(std::size_t index, std::uint8_t rank) {
    if (rank > registers_[index]) registers_[index] = rank;
  }
  void merge(const KeySketch& other);
  void clear() { registers_.fill(0); }
  double estimate() const;

 private:
  std::array<std::uint8_t, kRegisters> registers_{};
};

// Which clients and keys a route has seen in the last ten minutes: whether at least three clients
// are active, and about how many sticky keys there are. A worker notes into memory of its own and
// allocates nothing; what it noted is collected once a minute.
//
// Thread: note() belongs to the worker's thread; all else to one thread at a time.
class RecentTraffic {
 public:
  static constexpr std::size_t kClients = 3;  // more need not be told apart

  explicit RecentTraffic(std::size_t workers);

  // A request of the route, to whichever side. `key`: its sticky hash, if it has one.
  void note(std::size_t worker, std::uint64_t client, std::optional<std::uint64_t> key);

  // From now on keys are sketched. Before a worker is given a sticky epoch.
  void track_keys(SteadyTime now);

  // Starts another minute when it is time.
  void advance(SteadyTime now);

  // Distinct clients of the last ten minutes, up to kClients.
  std::size_t active_clients() const;

  // Distinct keys of the last ten minutes.
  double keys() const;
  // Since when keys are watched; nothing: not at all.
  std::optional<SteadyTime> keys_since() const { return keys_since_; }

 private:
  static constexpr std::uint32_t kMinutes = 10;

  struct alignas(64) WorkerClients {
    std::atomic<std::uint32_t> minute{0};  // which minute the rest is of
    std::atomic<std::uint32_t> count{0};
    std::array<std::atomic<std::uint64_t>, kClients> clients{};
  };
  struct alignas(64) WorkerKeys {
    std::atomic<std::uint32_t> minute{0};
    std::array<std::atomic<std::uint8_t>, KeySketch::kRegisters> registers{};
  };
  struct Clients {
    std::size_t count = 0;
    std::array<std::uint64_t, kClients> clients{};
    void add(std::uint64_t client);
  };

  void note_key(std::size_t worker, std::uint32_t minute, std::uint64_t key);
  void collect(Clients& clients) const;
  void collect(KeySketch& keys) const;

  std::vector<WorkerClients> worker_clients_;
  std::unique_ptr<WorkerKeys[]> worker_keys_;
  alignas(64) std::atomic<std::uint32_t> minute_{1};  // read by workers, raised once a minute

  alignas(64) std::optional<SteadyTime> minute_began_;
  std::optional<SteadyTime> keys_since_;
  std::array<Clients, kMinutes> past_clients_{};
  std::vector<KeySketch> past_keys_;
};

}  // namespace ficus::proxy
