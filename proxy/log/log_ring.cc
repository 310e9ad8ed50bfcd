#include "proxy/log/log_ring.h"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ficus::proxy {

// Uninitialised on purpose: pages that were never written cost nothing.
LogRing::LogRing(std::size_t size)
    : size_(size), bytes_(new char[size]), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

// write_ == read means empty, so the producer never catches up with the reader.
char* LogRing::reserve(std::size_t size) {
  for (int look = 0; look < 2; ++look) {
    if (write_ >= read_seen_) {
      if (size_ - write_ >= size) {
        reserved_at_ = write_;
        return bytes_.get() + reserved_at_;
      }
      if (read_seen_ > size) {
        reserved_at_ = 0;
        return bytes_.get();
      }
    } else if (read_seen_ - write_ > size) {
      reserved_at_ = write_;
      return bytes_.get() + reserved_at_;
    }
    read_seen_ = consumed_.load(std::memory_order_acquire);
  }
  return nullptr;
}

std::size_t LogRing::used() const {
  return write_ >= read_seen_ ? write_ - read_seen_ : size_ - read_seen_ + write_;
}

void LogRing::commit(std::size_t size) {
  if (reserved_at_ != write_) wrapped_at_.store(write_, std::memory_order_relaxed);
  write_ = reserved_at_ + size;
  written_.store(write_, std::memory_order_release);
  if (used() < size_ / 2 || woken_.load(std::memory_order_relaxed)) return;
  read_seen_ = consumed_.load(std::memory_order_acquire);
  if (used() < size_ / 2) return;
  woken_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

std::string_view LogRing::front() {
  const std::size_t written = written_.load(std::memory_order_acquire);
  if (written >= read_) return {bytes_.get() + read_, written - read_};
  const std::size_t end = wrapped_at_.load(std::memory_order_relaxed);
  if (read_ < end) return {bytes_.get() + read_, end - read_};
  read_ = 0;
  return {bytes_.get(), written};
}

void LogRing::consume(std::size_t size) {
  read_ += size;
  consumed_.store(read_, std::memory_order_release);
}

void LogRing::rest() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  woken_.store(false, std::memory_order_relaxed);
}

}  // namespace ficus::proxy
