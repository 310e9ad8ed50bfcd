#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ficus::proxy {

// How many connections clients have, over all workers and listeners. Touched when a connection
// begins and ends, never by a request. Any thread; no lock.
class ConnectionCounts {
 public:
  ConnectionCounts();

  // False: there are `limit` already.
  bool take(std::uint64_t limit);
  void give_back();

  // The same for one client, known by the hash of its address. Clients are counted in two rows of
  // hashed slots and the lower count holds, so that the memory is fixed: with tens of thousands of
  // clients connected, one in some hundreds may be counted a few too high, never too low.
  bool take_client(std::uint64_t hash, std::uint32_t limit);
  void give_back_client(std::uint64_t hash);

 private:
  static constexpr std::size_t kRows = 2;
  static constexpr std::size_t kSlots = 32 * 1024;
  using Row = std::array<std::atomic<std::uint32_t>, kSlots>;

  static std::size_t slot(std::uint64_t hash, std::size_t row) {
    return static_cast<std::size_t>(hash >> (row * 32)) % kSlots;
  }

  alignas(64) std::atomic<std::uint64_t> open_{0};
  const std::unique_ptr<std::array<Row, kRows>> clients_;
};

}  // namespace ficus::proxy
