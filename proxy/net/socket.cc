#include "proxy/net/socket.h"

#include <cerrno>
#include <sys/socket.h>

#include "proxy/net/tls_session.h"

namespace ficus::proxy {

Socket::Socket(EventLoop& loop, FileDescriptor fd) : fd_(std::move(fd)) {
  loop.watch(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
}

Socket::~Socket() = default;

void Socket::close() {
  if (tls_ != nullptr && fd_ && !broken_) tls_->end_sending();
  fd_.reset();
  listener_ = nullptr;
}

void Socket::start_tls(std::unique_ptr<TlsSession> session) {
  tls_ = std::move(session);
  tls_->attach(*this);
}

void Socket::drop_tls() { tls_.reset(); }

void Socket::note_io(std::uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) broken_ = readable_ = writable_ = true;
  if (events & EPOLLRDHUP) peer_ended_ = readable_ = true;
  if (events & EPOLLIN) readable_ = true;
  if (events & EPOLLOUT) {
    writable_ = true;
    if (tls_ != nullptr && tls_->ending()) end_sending();
  }
}

void Socket::on_io() {
  // Closed earlier in this turn: no listener any more.
  if (listener_ != nullptr) listener_->on_ready();
}

IoResult Socket::receive_wire(char* into, std::size_t size) {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), into, size, 0);
    if (got > 0) {
      // A short read emptied the queue; the next byte brings an edge. After an end there is none.
      if (static_cast<std::size_t>(got) < size && !peer_ended_ && !broken_) readable_ = false;
      return {IoResult::State::ok, static_cast<std::size_t>(got), 0};
    }
    if (got == 0) {
      peer_ended_ = wire_ended_ = true;
      readable_ = false;
      return {IoResult::State::end, 0, 0};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      readable_ = false;
      return {IoResult::State::would_block, 0, 0};
    }
    broken_ = true;
    return {IoResult::State::failed, 0, errno};
  }
}

IoResult Socket::send_wire(const iovec* parts, int count) {
  std::size_t wanted = 0;
  for (int i = 0; i < count; ++i) wanted += parts[i].iov_len;
  for (;;) {
    ssize_t sent;
    if (count == 1) {
      sent = ::send(fd_.get(), parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = static_cast<std::size_t>(count);
      sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    }
    if (sent >= 0) {
      if (static_cast<std::size_t>(sent) < wanted) writable_ = false;
      return {IoResult::State::ok, static_cast<std::size_t>(sent), 0};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      writable_ = false;
      return {IoResult::State::would_block, 0, 0};
    }
    broken_ = true;
    return {IoResult::State::failed, 0, errno};
  }
}

IoResult Socket::tls_receive(char* into, std::size_t size) {
  const IoResult result = tls_->receive(into, size);
  if (result.state == IoResult::State::end) peer_ended_ = true;
  if (result.state == IoResult::State::failed) broken_ = true;
  return result;
}

IoResult Socket::tls_send(const iovec* parts, int count) {
  const IoResult result = tls_->send(parts, count);
  if (result.state == IoResult::State::failed) broken_ = true;
  return result;
}

bool Socket::tls_readable() const { return tls_->readable(readable_, writable_); }

bool Socket::tls_writable() const { return tls_->writable(readable_, writable_); }

bool Socket::tls_quiet() { return !broken_ && tls_->quiet(); }

void Socket::end_sending() {
  // Without close_notify first, the end would look like a cut.
  if (tls_ != nullptr && !tls_->end_sending()) return;
  ::shutdown(fd_.get(), SHUT_WR);
}

void Socket::abort() {
  if (!fd_) return;
  const linger hard{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  fd_.reset();
  listener_ = nullptr;
}

int Socket::connect_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool Socket::look() {
  char byte;
  const ssize_t got = ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && errno == EINTR) return false;
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    return false;
  }
  readable_ = true;
  return true;
}

bool Socket::has_unseen_input() { return look() && !quiet(); }

}  // namespace ficus::proxy
