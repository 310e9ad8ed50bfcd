#include "proxy/connection_counts.h"

#include <algorithm>

namespace ficus::proxy {

ConnectionCounts::ConnectionCounts() : clients_(std::make_unique<std::array<Row, kRows>>()) {}

bool ConnectionCounts::take(std::uint64_t limit) {
  if (open_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
  give_back();
  return false;
}

void ConnectionCounts::give_back() { open_.fetch_sub(1, std::memory_order_relaxed); }

bool ConnectionCounts::take_client(std::uint64_t hash, std::uint32_t limit) {
  std::uint32_t before = UINT32_MAX;
  for (std::size_t row = 0; row < kRows; ++row) {
    auto& count = (*clients_)[row][slot(hash, row)];
    before = std::min(before, count.fetch_add(1, std::memory_order_relaxed));
  }
  if (before < limit) return true;
  give_back_client(hash);
  return false;
}

void ConnectionCounts::give_back_client(std::uint64_t hash) {
  for (std::size_t row = 0; row < kRows; ++row) {
    (*clients_)[row][slot(hash, row)].fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace ficus::proxy
