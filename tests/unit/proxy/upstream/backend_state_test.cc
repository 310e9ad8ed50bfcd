#include "proxy/upstream/backend_state.h"

#include <thread>

#include "tests/support/catch.h"

using ficus::proxy::BackendState;

TEST_CASE("no more connections than the limit, over all threads") {
  BackendState backend(4);
  backend.set_limits({100, 10});
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) got += backend.reserve() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(got == 100);
  CHECK(backend.connections() == 100);
  backend.release();
  CHECK(backend.reserve());
  CHECK_FALSE(backend.reserve());
}

TEST_CASE("a lowered limit closes nothing and opens nothing") {
  BackendState backend(2);
  backend.set_limits({10, 10});
  for (int i = 0; i < 10; ++i) REQUIRE(backend.reserve());
  backend.set_limits({5, 10});
  for (int i = 0; i < 5; ++i) backend.release();
  CHECK_FALSE(backend.reserve());
  backend.release();
  CHECK(backend.reserve());
  CHECK(backend.fair_share() == 2);
}

TEST_CASE("no more requests wait than may") {
  BackendState backend(1);
  backend.set_limits({1, 2});
  CHECK(backend.begin_waiting());
  CHECK(backend.begin_waiting());
  CHECK_FALSE(backend.begin_waiting());
  CHECK(backend.waiting() == 2);
  backend.end_waiting();
  CHECK(backend.begin_waiting());
  backend.set_limits({1, 0});
  CHECK_FALSE(backend.begin_waiting());
}
