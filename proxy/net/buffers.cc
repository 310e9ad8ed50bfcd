#include "proxy/net/buffers.h"

#include <algorithm>
#include <cstring>

namespace ficus::proxy {

void ReadBuffer::give_back() {
  if (area_.borrower_ == this) area_.borrower_ = nullptr;
}

void ReadBuffer::consume(std::size_t count) {
  data_ += count;
  size_ -= count;
  if (size_ > 0) return;
  give_back();
  storage_.reset();
  capacity_ = 0;
  data_ = nullptr;
}

void ReadBuffer::reserve(std::size_t extra) {
  const std::size_t front = storage_ ? static_cast<std::size_t>(data_ - storage_.get()) : 0;
  if (storage_ && front + size_ + extra <= capacity_) return;
  const std::size_t wanted = std::max(size_ + extra, size_ * 2);
  std::unique_ptr<char[]> bigger(new char[wanted]);
  if (size_ > 0) std::memcpy(bigger.get(), data_, size_);
  storage_ = std::move(bigger);
  capacity_ = wanted;
  data_ = storage_.get();
}

void ReadBuffer::keep() {
  if (area_.borrower_ != this) return;
  area_.borrower_ = nullptr;
  if (size_ > 0) reserve(0);
}

IoResult ReadBuffer::fill(Socket& socket, std::size_t limit) {
  if (empty()) {
    if (area_.borrower_ != nullptr) area_.borrower_->keep();
    char* start = area_.memory_.get();
    const IoResult result = socket.receive(start, std::min(limit, ReceiveArea::kSize));
    if (result.state == IoResult::State::ok) {
      area_.borrower_ = this;
      data_ = start;
      size_ = result.size;
    }
    return result;
  }
  keep();
  constexpr std::size_t kAppend = 16 * 1024;
  const std::size_t room = std::min(limit, kAppend);
  reserve(room);
  const IoResult result = socket.receive(data_ + size_, room);
  if (result.state == IoResult::State::ok) size_ += result.size;
  return result;
}

void SendBuffer::clear() {
  storage_.reset();
  capacity_ = begin_ = size_ = 0;
}

void SendBuffer::append(const iovec* parts, int count, std::size_t skip) {
  std::size_t extra = 0;
  for (int i = 0; i < count; ++i) extra += parts[i].iov_len;
  extra -= skip;
  if (begin_ + size_ + extra > capacity_) {
    // Exact for what one short send left, doubled for what comes in small pieces.
    const std::size_t wanted = std::max(size_ + extra, capacity_ * 2);
    std::unique_ptr<char[]> bigger(new char[wanted]);
    if (size_ > 0) std::memcpy(bigger.get(), storage_.get() + begin_, size_);
    storage_ = std::move(bigger);
    capacity_ = wanted;
    begin_ = 0;
  }
  for (int i = 0; i < count; ++i) {
    const auto* from = static_cast<const char*>(parts[i].iov_base);
    std::size_t length = parts[i].iov_len;
    const std::size_t passed = std::min(skip, length);
    skip -= passed;
    from += passed;
    length -= passed;
    if (length == 0) continue;
    std::memcpy(storage_.get() + begin_ + size_, from, length);
    size_ += length;
  }
}

IoResult SendBuffer::send(Socket& socket, const iovec* parts, int count) {
  if (!empty() || !socket.writable()) {
    append(parts, count, 0);
    return {IoResult::State::would_block, 0, 0};
  }
  std::size_t wanted = 0;
  for (int i = 0; i < count; ++i) wanted += parts[i].iov_len;
  const IoResult result = socket.send(parts, count);
  if (result.state == IoResult::State::failed) return result;
  if (result.size < wanted) append(parts, count, result.size);
  return result;
}

IoResult SendBuffer::flush(Socket& socket) {
  IoResult total;
  while (size_ > 0) {
    if (!socket.writable()) return {IoResult::State::would_block, total.size, 0};
    const iovec part{storage_.get() + begin_, size_};
    const IoResult result = socket.send(&part, 1);
    if (result.state != IoResult::State::ok) return {result.state, total.size, result.error};
    begin_ += result.size;
    size_ -= result.size;
    total.size += result.size;
  }
  clear();
  return total;
}

}  // namespace ficus::proxy
