#include "tests/support/raw_client.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace ficus::tests {

RawClient::RawClient(std::uint16_t port) : socket_(connect_to_loopback(port)) {}

void RawClient::send(std::string_view bytes) {
  const std::size_t sent = send_what_fits(bytes, kPatience);
  if (sent == bytes.size()) return;
  throw HarnessError("the server took " + std::to_string(sent) + " of " +
                     std::to_string(bytes.size()) + " bytes");
}

std::size_t RawClient::send_what_fits(std::string_view bytes, milliseconds patience) {
  std::size_t sent = 0;
  Deadline deadline(patience);
  while (sent < bytes.size() && wait_for(socket_.get(), Readiness::write, deadline)) {
    const ssize_t count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      deadline = Deadline(patience);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      break;
    } else if (errno != EAGAIN && errno != EINTR) {
      throw_errno("send");
    }
  }
  return sent;
}

RawClient::Read RawClient::read_some(const Deadline& deadline, std::string_view what) {
  if (ended_) return Read::end;
  while (true) {
    if (!wait_for(socket_.get(), Readiness::read, deadline)) {
      throw HarnessError("deadline passed while waiting for " + std::string(what) +
                         "; so far: " + printable(buffer_));
    }
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count > 0) {
      buffer_.append(bytes.data(), static_cast<std::size_t>(count));
      return Read::some;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    ended_ = true;
    reset_ = count < 0;
    return Read::end;
  }
}

std::string RawClient::read_until(std::string_view end) {
  const Deadline deadline;
  std::size_t at;
  while ((at = buffer_.find(end)) == std::string::npos) {
    if (read_some(deadline, printable(end)) == Read::end) {
      throw HarnessError("connection ended before " + printable(end) +
                         "; so far: " + printable(buffer_));
    }
  }
  std::string bytes = buffer_.substr(0, at + end.size());
  buffer_.erase(0, at + end.size());
  return bytes;
}

std::string RawClient::read_bytes(std::size_t count) {
  while (buffer_.size() < count) {
    if (read_some(Deadline(), std::to_string(count) + " bytes") == Read::end) {
      throw HarnessError("connection ended before " + std::to_string(count) +
                         " bytes; so far: " + printable(buffer_));
    }
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

HttpMessage RawClient::read_response(MessageKind kind) {
  const Deadline deadline;
  const HttpReader reader(kind);
  while (true) {
    if (auto message = reader.take(buffer_)) return std::move(*message);
    if (read_some(deadline, "a response") == Read::some) continue;
    if (buffer_.empty()) {
      throw HarnessError(reset_ ? "connection reset instead of a response"
                                : "connection closed instead of a response");
    }
    HttpMessage message = reader.take_at_end(buffer_);
    // After a reset nobody knows whether the body was whole.
    if (reset_) message.complete = false;
    return message;
  }
}

HttpMessage RawClient::exchange(std::string_view request) {
  send(request);
  const MessageKind kind =
      request.starts_with("HEAD ") ? MessageKind::response_to_head : MessageKind::response;
  while (true) {
    HttpMessage message = read_response(kind);
    if (message.status() / 100 != 1 || message.status() == 101) return message;
  }
}

std::string RawClient::read_to_end() {
  while (read_some(Deadline(), "the end of the connection") == Read::some) {
  }
  return std::exchange(buffer_, {});
}

bool RawClient::is_closed(milliseconds patience) {
  const Deadline deadline(patience);
  while (!ended_ && buffer_.empty()) {
    if (!wait_for(socket_.get(), Readiness::read, deadline)) return false;
    read_some(deadline, "the end of the connection");
  }
  return ended_ && buffer_.empty();
}

bool RawClient::is_quiet(milliseconds patience) {
  if (ended_ || !buffer_.empty()) return false;
  return !wait_for(socket_.get(), Readiness::read, Deadline(patience));
}

void RawClient::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::reset() {
  reset_on_close(socket_.get());
  socket_.close();
}

void RawClient::limit_receive_buffer(int bytes) {
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

HttpMessage fetch(std::uint16_t port, std::string_view request) {
  RawClient client(port);
  return client.exchange(request);
}

HttpMessage get(std::uint16_t port, std::string_view path) {
  return fetch(port, "GET " + std::string(path) +
                         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

}  // namespace ficus::tests
