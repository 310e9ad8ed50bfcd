#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace ficus::proxy {

// Recycles coroutine frames of one worker, so that a request allocates nothing once warm.
// Loop thread only; outlives every coroutine that was started with it.
class FrameArena {
 public:
  FrameArena() = default;
  ~FrameArena() {
    for (Block* head : free_) {
      while (head != nullptr) {
        Block* next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
  }
  FrameArena(const FrameArena&) = delete;
  FrameArena& operator=(const FrameArena&) = delete;

  void* allocate(std::size_t size) {
    const std::size_t cls = (size + kHeader + kStep - 1) / kStep;
    Block* block = nullptr;
    if (cls < kClasses && free_[cls] != nullptr) {
      block = free_[cls];
      free_[cls] = block->next;
    } else {
      block = static_cast<Block*>(::operator new(cls* kStep));
    }
    block->arena = this;
    block->cls = cls;
    return reinterpret_cast<char*>(block) + kHeader;
  }

  static void release(void* memory) {
    auto* block = reinterpret_cast<Block*>(static_cast<char*>(memory) - kHeader);
    FrameArena* arena = block->arena;
    const std::size_t cls = block->cls;
    if (cls < kClasses) {
      block->next = arena->free_[cls];
      arena->free_[cls] = block;
    } else {
      ::operator delete(block);
    }
  }

 private:
  struct Block {
    FrameArena* arena;
    std::size_t cls;
    Block* next;  // overlaps the frame: valid only while free
  };
  static constexpr std::size_t kHeader = 16;
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 64;

  std::array<Block*, kClasses> free_{};
};

}  // namespace ficus::proxy
