#include "proxy/upstream/pending_queue.h"

#include <optional>

#include "tests/support/catch.h"

using ficus::proxy::PendingPlace;
using ficus::proxy::PendingQueue;

TEST_CASE("who came first is in front, and the next when it has left") {
  PendingQueue queue;
  PendingPlace first, second, third;
  for (PendingPlace* place : {&first, &second, &third}) queue.push(*place);
  CHECK(queue.size() == 3);
  CHECK(queue.front() == &first);
  first.leave();
  CHECK_FALSE(first.queued());
  CHECK(queue.front() == &second);
  first.leave();  // a second time: nothing
  CHECK(queue.size() == 2);
}

TEST_CASE("who loses patience leaves from the middle or the end") {
  PendingQueue queue;
  PendingPlace first;
  std::optional<PendingPlace> second(std::in_place), third(std::in_place);
  queue.push(first);
  queue.push(*second);
  queue.push(*third);
  second.reset();
  CHECK(queue.size() == 2);
  third.reset();
  CHECK(queue.front() == &first);
  PendingPlace fourth;
  queue.push(fourth);
  first.leave();
  CHECK(queue.front() == &fourth);
  fourth.leave();
  CHECK(queue.empty());
}
