#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "proxy/net/socket.h"

namespace ficus::proxy {

class ReadBuffer;

// The one large receive buffer of a worker. Lent to a ReadBuffer between a readiness event and
// the end of its handler; whoever borrows it next makes the last borrower keep its rest elsewhere.
// Loop thread only.
class ReceiveArea {
 public:
  static constexpr std::size_t kSize = 128 * 1024;

  ReceiveArea() : memory_(new char[kSize]) {}

 private:
  friend class ReadBuffer;
  std::unique_ptr<char[]> memory_;
  ReadBuffer* borrower_ = nullptr;
};

// What was received and not yet consumed. Owns memory only for what outlives a handler.
class ReadBuffer {
 public:
  explicit ReadBuffer(ReceiveArea& area) : area_(area) {}
  ~ReadBuffer() { give_back(); }
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  char* data() { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  void consume(std::size_t count);
  void clear() { consume(size_); }

  // Receives once, at most `limit` bytes, behind what is there.
  IoResult fill(Socket& socket, std::size_t limit = ReceiveArea::kSize);

  // Moves what is left out of the worker's area. To be called before every suspension.
  void keep();

 private:
  void give_back();
  void reserve(std::size_t extra);

  ReceiveArea& area_;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
};

// Bytes that a short send left over. While there are any, their source is not read.
class SendBuffer {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // Sends `parts` now as far as the socket takes them and keeps the rest. If something is kept
  // already, all is appended.
  IoResult send(Socket& socket, const iovec* parts, int count);
  // Sends what is kept. `ok` with empty() means all is out.
  IoResult flush(Socket& socket);
  void clear();

 private:
  void append(const iovec* parts, int count, std::size_t skip);

  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace ficus::proxy
