#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

#include "proxy/net/file_descriptor.h"

namespace ficus::proxy {

// Bytes from one thread to one other, without a lock. What is reserved lies together, so that a
// line is formatted in its place; what is committed becomes visible whole. Memory is touched only
// when it is used.
class LogRing {
 public:
  static constexpr std::size_t kDefaultSize = 1024 * 1024;

  explicit LogRing(std::size_t size = kDefaultSize);
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // The producer's thread.
  // Room for `size` bytes, or null: the reader is behind.
  char* reserve(std::size_t size);
  // The first `size` bytes of what was reserved last are there. Wakes the reader if it should
  // hurry.
  void commit(std::size_t size);

  // The consumer's thread.
  // What lies together at the front; valid until it is consumed. Empty: nothing is left.
  std::string_view front();
  void consume(std::size_t size);
  // Readable when the ring is half full. Taken note of by rest().
  int wake_descriptor() const { return wake_.get(); }
  // Before the reader looks and then sleeps: from here on the next half full ring wakes it.
  void rest();

 private:
  std::size_t used() const;

  // constant
  const std::size_t size_;
  const std::unique_ptr<char[]> bytes_;
  const FileDescriptor wake_;

  // producer
  alignas(64) std::size_t write_ = 0;
  std::size_t read_seen_ = 0;
  std::size_t reserved_at_ = 0;

  // consumer
  alignas(64) std::size_t read_ = 0;

  // shared
  alignas(64) std::atomic<std::size_t> written_{0};
  std::atomic<std::size_t> wrapped_at_{0};  // where the bytes end, once the producer began anew
  alignas(64) std::atomic<std::size_t> consumed_{0};
  std::atomic<bool> woken_{false};
};

}  // namespace ficus::proxy
