#include "proxy/route/string_index.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ficus::proxy {
namespace {

std::uint64_t hash_of(std::uint64_t space, std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), space);
}

}  // namespace

std::uint32_t StringIndex::insert(std::uint64_t space, std::string_view key) {
  const std::uint32_t present = find(space, key);
  if (present != kAbsent) return present;
  entries_.push_back({space, std::string(key)});
  if (slots_.size() < 2 * entries_.size()) {
    grow();
  } else {
    place(static_cast<std::uint32_t>(entries_.size() - 1));
  }
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

std::uint32_t StringIndex::find(std::uint64_t space, std::string_view key) const {
  if (slots_.empty()) return kAbsent;
  const std::uint64_t hash = hash_of(space, key);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].entry != kAbsent; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    const Entry& entry = entries_[slots_[at].entry];
    if (entry.space == space && entry.key == key) return slots_[at].entry;
  }
  return kAbsent;
}

void StringIndex::place(std::uint32_t number) {
  const std::uint64_t hash = hash_of(entries_[number].space, entries_[number].key);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].entry != kAbsent) at = (at + 1) & mask;
  slots_[at] = {hash, number};
}

void StringIndex::grow() {
  constexpr std::size_t kFirst = 8;
  slots_.assign(std::max(kFirst, slots_.size() * 2), Slot{});
  for (std::uint32_t number = 0; number < entries_.size(); ++number) place(number);
}

}  // namespace ficus::proxy
