#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "proxy/net/event_loop.h"
#include "proxy/net/file_descriptor.h"
#include "proxy/net/io_result.h"
#include "proxy/net/timer_wheel.h"

namespace ficus::proxy {

class TlsSession;

// Is told about an edge on a socket. It may close the socket, or retire its owner.
class ReadyListener {
 public:
  virtual ~ReadyListener() = default;
  virtual void on_ready() = 0;
};

// A coroutine that waits for whichever comes first: an edge on one of the sockets that name this
// waiter, or its deadline. It then looks at the sockets itself; waking for nothing is harmless.
// Loop thread only.
class Waiter final : public Timer, public ReadyListener {
 public:
  explicit Waiter(EventLoop& loop) : loop_(loop) {}
  ~Waiter() override {
    if (yielding_) loop_.forget(*this);
  }

  class Awaiter {
   public:
    Awaiter(Waiter& waiter, SteadyTime deadline) : waiter_(waiter), deadline_(deadline) {}
    bool await_ready() const noexcept { return waiter_.woken_; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter_.handle_ = handle;
      waiter_.loop_.timers().set(waiter_, deadline_);
    }
    // True: the deadline passed.
    bool await_resume() {
      waiter_.woken_ = false;
      return std::exchange(waiter_.expired_, false);
    }

   private:
    Waiter& waiter_;
    SteadyTime deadline_;
  };

  Awaiter until(SteadyTime deadline) { return {*this, deadline}; }

  // Be woken in the next turn even if nothing happens.
  void yield() {
    if (yielding_) return;
    yielding_ = true;
    loop_.yield(*this);
  }

  // Is the turn that yield() asked for still to come?
  bool yielding() const { return yielding_; }

  // The loop's own call, for a waiter that yielded.
  void wake_yielded() {
    yielding_ = false;
    wake();
  }

  void wake() {
    if (handle_) {
      std::exchange(handle_, nullptr).resume();
    } else {
      woken_ = true;
    }
  }

 private:
  void on_deadline() override {
    if (!handle_) return;
    expired_ = true;
    std::exchange(handle_, nullptr).resume();
  }

  void on_ready() override { wake(); }

  EventLoop& loop_;
  std::coroutine_handle<> handle_;
  bool woken_ = false;
  bool expired_ = false;
  bool yielding_ = false;
};

// A connected (or connecting) non-blocking stream socket with the readiness that the loop reported,
// plain or with TLS on it. Edge-triggered: `readable` and `writable` stay set until a call shows
// that they no longer hold. Loop thread only. Closing takes effect at once; the object must be
// retired, not deleted, while the loop may still hold an event for it.
class Socket final : public IoHandler {
 public:
  Socket(EventLoop& loop, FileDescriptor fd);
  ~Socket() override;

  int fd() const { return fd_.get(); }
  bool open() const { return static_cast<bool>(fd_); }
  // With TLS: tells the peer that this is the end, if that can be done at once.
  void close();

  void set_listener(ReadyListener* listener) { listener_ = listener; }

  // From here on all bytes go through `session`, whose handshake comes first.
  void start_tls(std::unique_ptr<TlsSession> session);
  // Plain again, for a peer that turned out to speak no TLS. What TLS has read is lost.
  void drop_tls();
  // Null: plain.
  TlsSession* tls() const { return tls_.get(); }

  bool readable() const { return tls_ == nullptr ? readable_ : tls_readable(); }
  bool writable() const { return tls_ == nullptr ? writable_ : tls_writable(); }
  // The peer sent its end (perhaps after data still to be read).
  bool peer_ended() const { return peer_ended_; }
  // Reset, or both directions shut.
  bool broken() const { return broken_; }

  IoResult receive(char* into, std::size_t size) {
    return tls_ == nullptr ? receive_wire(into, size) : tls_receive(into, size);
  }
  IoResult send(const iovec* parts, int count) {
    return tls_ == nullptr ? send_wire(parts, count) : tls_send(parts, count);
  }

  // Half-close: our end, after what was sent.
  void end_sending();
  // Close with a reset, so that the peer cannot take a cut message for a whole one.
  void abort();

  // Outcome of a non-blocking connect once `writable`: 0 or an errno.
  int connect_error() const;

  // Nothing has arrived that a reader must see, as far as the edges told: no byte, no end. What TLS
  // keeps to itself (session tickets) is taken in.
  bool quiet() { return tls_ == nullptr ? !readable_ && !broken_ : tls_quiet(); }
  // Takes note of bytes or an end in the kernel that no edge has told of yet; are there any? A
  // system call.
  bool look();
  // The same for what a reader must see, as quiet() has it.
  bool has_unseen_input();
  // quiet() after a read: one that took exactly what there was could not see that it was all, and
  // only then the kernel is asked.
  bool quiet_after_read() { return quiet() || (tls_ == nullptr && !look()); }

 private:
  friend class TlsSession;
  friend struct TlsWire;

  void note_io(std::uint32_t events) override;
  void on_io() override;

  IoResult receive_wire(char* into, std::size_t size);
  IoResult send_wire(const iovec* parts, int count);
  IoResult tls_receive(char* into, std::size_t size);
  IoResult tls_send(const iovec* parts, int count);
  bool tls_readable() const;
  bool tls_writable() const;
  bool tls_quiet();

  FileDescriptor fd_;
  ReadyListener* listener_ = nullptr;
  std::unique_ptr<TlsSession> tls_;
  // Of the descriptor.
  bool readable_ = false;
  bool writable_ = false;
  bool peer_ended_ = false;
  bool broken_ = false;
  bool wire_ended_ = false;  // the end was read
};

}  // namespace ficus::proxy
