#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ficus::proxy {

// Numbers strings, each within a space (say, the paths of one host): a hash table that is filled
// once and then only read. Finding allocates nothing. Keys come from the operator's file alone, so
// nobody can crowd one slot. Immutable after filling: then any thread.
class StringIndex {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  // The number of the string, a new one (counting from 0) if it was not there.
  std::uint32_t insert(std::uint64_t space, std::string_view key);

  std::uint32_t find(std::uint64_t space, std::string_view key) const;
  std::string_view key(std::uint32_t number) const { return entries_[number].key; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t space;
    std::string key;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t entry = kAbsent;
  };

  void place(std::uint32_t number);
  void grow();

  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace ficus::proxy
