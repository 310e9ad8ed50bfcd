#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <sys/epoll.h>
#include <vector>

#include "proxy/net/file_descriptor.h"
#include "proxy/net/timer_wheel.h"

namespace ficus::proxy {

class Waiter;

// Something whose descriptor the loop watches.
class IoHandler {
 public:
  virtual ~IoHandler() = default;
  // All handlers of a turn are told their events (EPOLL* bits) before the first may act on them:
  // who picks a pooled connection then knows that it has ended.
  virtual void note_io(std::uint32_t events) = 0;
  virtual void on_io() = 0;
};

// An object that events of the present turn may still point to; it dies when the turn is over.
class Retired {
 public:
  virtual ~Retired() = default;
};

// Edge-triggered epoll, one timer wheel, and work posted by other threads. One thread runs it;
// only post() and stop() may be called from another.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until stop(), calling `after_turn` at the end of each turn.
  void run(const std::function<void()>& after_turn);
  // One turn: waits for something to happen and sees to it.
  void turn(const std::function<void()>& after_turn);
  void stop();

  // Runs `work` on the loop thread, in order of posting. Any thread; never blocks.
  void post(std::function<void()> work);

  void watch(int fd, std::uint32_t events, IoHandler& handler);
  // Before a descriptor is closed whose file has others, which would keep it watched.
  void unwatch(int fd);

  // Wakes `waiter` in the next turn, after the other descriptors had theirs: how a long transfer
  // makes room. Cancelled when the waiter dies.
  void yield(Waiter& waiter) { yielded_.push_back(&waiter); }
  void forget(Waiter& waiter) { std::erase(yielded_, &waiter); }

  void retire(std::unique_ptr<Retired> object) { retired_.push_back(std::move(object)); }

  void clear_retired() { retired_.clear(); }

  // The time at which this turn began. Loop thread.
  SteadyTime now() const { return now_; }
  TimerWheel& timers() { return timers_; }

 private:
  struct Posted {
    std::function<void()> work;
    Posted* next = nullptr;
  };

  void run_posted();
  void run_yielded();
  void drain_wake();

  static constexpr int kEvents = 256;

  FileDescriptor epoll_;
  FileDescriptor wake_;
  SteadyTime now_;
  TimerWheel timers_;
  std::vector<std::unique_ptr<Retired>> retired_;
  std::vector<Waiter*> yielded_;
  std::array<epoll_event, kEvents> events_;

  // shared
  std::atomic<Posted*> posted_{nullptr};
  std::atomic<bool> stopping_{false};
};

}  // namespace ficus::proxy
