#pragma once

#include <cstddef>

namespace ficus::proxy {

class PendingQueue;

// A place in a PendingQueue. Leaves the queue when destroyed. Loop thread only.
class PendingPlace {
 public:
  PendingPlace() = default;
  PendingPlace(const PendingPlace&) = delete;
  PendingPlace& operator=(const PendingPlace&) = delete;
  ~PendingPlace() { leave(); }

  bool queued() const { return queue_ != nullptr; }
  void leave();

 private:
  friend class PendingQueue;
  PendingQueue* queue_ = nullptr;
  PendingPlace* previous_ = nullptr;
  PendingPlace* next_ = nullptr;
};

// First in, first out; whoever waits owns its place and may leave at any time. Allocates nothing.
// Loop thread only.
class PendingQueue {
 public:
  PendingQueue() = default;
  PendingQueue(const PendingQueue&) = delete;
  PendingQueue& operator=(const PendingQueue&) = delete;

  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  PendingPlace* front() const { return first_; }
  static PendingPlace* behind(const PendingPlace& place) { return place.next_; }

  void push(PendingPlace& place) {
    place.queue_ = this;
    place.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &place;
    last_ = &place;
    ++size_;
  }

 private:
  friend class PendingPlace;
  PendingPlace* first_ = nullptr;
  PendingPlace* last_ = nullptr;
  std::size_t size_ = 0;
};

inline void PendingPlace::leave() {
  if (queue_ == nullptr) return;
  (previous_ == nullptr ? queue_->first_ : previous_->next_) = next_;
  (next_ == nullptr ? queue_->last_ : next_->previous_) = previous_;
  --queue_->size_;
  queue_ = nullptr;
  previous_ = next_ = nullptr;
}

}  // namespace ficus::proxy
