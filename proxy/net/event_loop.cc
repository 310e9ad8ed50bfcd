#include "proxy/net/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <sys/eventfd.h>

#include "proxy/net/socket.h"

namespace ficus::proxy {
namespace {

SteadyTime read_clock() { return std::chrono::steady_clock::now(); }

// The loop cannot work without these: a broken invariant, not an input.
[[noreturn]] void die(const char* call) {
  std::perror(call);
  std::abort();
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      now_(read_clock()),
      timers_(now_) {
  if (!epoll_) die("epoll_create1");
  if (!wake_) die("eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) die("epoll_ctl");
}

EventLoop::~EventLoop() {
  Posted* head = posted_.exchange(nullptr);
  while (head != nullptr) {
    Posted* next = head->next;
    delete head;
    head = next;
  }
}

void EventLoop::watch(int fd, std::uint32_t events, IoHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void EventLoop::unwatch(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::post(std::function<void()> work) {
  auto* node = new Posted{std::move(work)};
  Posted* head = posted_.load(std::memory_order_relaxed);
  do {
    node->next = head;
  } while (!posted_.compare_exchange_weak(head, node, std::memory_order_release,
                                          std::memory_order_relaxed));
  if (head == nullptr) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  post([] {});
}

void EventLoop::drain_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
}

void EventLoop::run_posted() {
  Posted* head = posted_.exchange(nullptr, std::memory_order_acquire);
  Posted* ordered = nullptr;
  while (head != nullptr) {
    Posted* next = head->next;
    head->next = ordered;
    ordered = head;
    head = next;
  }
  while (ordered != nullptr) {
    Posted* next = ordered->next;
    ordered->work();
    delete ordered;
    ordered = next;
  }
}

void EventLoop::run_yielded() {
  // One at a time: a woken coroutine may end another that is in the list, or yield again.
  const std::size_t count = yielded_.size();
  for (std::size_t i = 0; i < count && !yielded_.empty(); ++i) {
    Waiter* waiter = yielded_.front();
    yielded_.erase(yielded_.begin());
    waiter->wake_yielded();
  }
}

void EventLoop::run(const std::function<void()>& after_turn) {
  while (!stopping_.load(std::memory_order_acquire)) turn(after_turn);
}

void EventLoop::turn(const std::function<void()>& after_turn) {
  const int wait = yielded_.empty() ? timers_.wait_ms(now_) : 0;
  const int ready = ::epoll_wait(epoll_.get(), events_.data(), kEvents, wait);
  if (ready < 0 && errno != EINTR) die("epoll_wait");
  now_ = read_clock();
  bool woken = false;
  const std::span events(events_.data(), static_cast<std::size_t>(std::max(ready, 0)));
  for (const epoll_event& event : events) {
    if (event.data.ptr == nullptr) {
      woken = true;
    } else {
      static_cast<IoHandler*>(event.data.ptr)->note_io(event.events);
    }
  }
  for (const epoll_event& event : events) {
    if (event.data.ptr != nullptr) static_cast<IoHandler*>(event.data.ptr)->on_io();
  }
  if (woken) {
    drain_wake();
    run_posted();
  }
  if (!yielded_.empty()) run_yielded();
  timers_.advance(now_);
  after_turn();
  retired_.clear();
}

}  // namespace ficus::proxy
