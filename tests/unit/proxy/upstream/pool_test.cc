#include "proxy/upstream/pool.h"

#include "tests/unit/proxy/upstream/pool_fixture.h"

namespace ficus::proxy {
namespace {

using std::chrono::seconds;

}  // namespace

TEST_CASE("pool: a connection whose last read took exactly what there was is kept") {
  PoolBench bench;
  Lease lease = bench.connect();
  const FileDescriptor server = bench.accept();
  PoolBench::write(server, "answer");
  bench.turn();
  std::string into(6, '\0');
  REQUIRE(lease->socket.receive(into.data(), into.size()).size == 6);
  REQUIRE(lease->socket.readable());  // as far as the loop told
  SECTION("it serves the next request") {
    lease.give_back(seconds(30));
    CHECK(bench.idle() == 1);
    CHECK(bench.pool().take_idle(*bench.endpoint, Care::trust_the_loop));
  }
  SECTION("unless more than the answer lies in the kernel") {
    PoolBench::write(server, "x");
    lease.give_back(seconds(30));
    CHECK(bench.idle() == 0);
    CHECK(bench.state->connections() == 0);
  }
  SECTION("or its end") {
    ::shutdown(server.get(), SHUT_WR);
    lease.give_back(seconds(30));
    CHECK(bench.idle() == 0);
  }
}

TEST_CASE("pool: a connection that is handed over is looked at again before it is used") {
  PoolBench bench;
  bench.state->set_limits({1, 1});
  Lease lease = bench.connect();
  FileDescriptor server = bench.accept();
  Waiter waiter(bench.workers[0]->loop);
  PendingRequest pending;
  REQUIRE_FALSE(bench.pool().reserve(*bench.state));
  REQUIRE(bench.pool().wait(pending, bench.state, waiter));
  lease.give_back(seconds(30));
  REQUIRE(pending.granted());

  SECTION("it is sound") {
    const Lease taken = pending.take(Care::look_again);
    REQUIRE(taken);
    CHECK(taken->reused());
  }
  SECTION("it has ended, and the loop has not told yet") {
    server.reset();
    CHECK_FALSE(pending.take(Care::look_again));
    // In its place there is the right to open one.
    CHECK(bench.state->connections() == 1);
    int error = 0;
    CHECK(bench.pool().connect(bench.endpoint, error));
  }
  SECTION("it has ended, and the loop knows") {
    server.reset();
    bench.turn();
    CHECK_FALSE(pending.take(Care::trust_the_loop));
    int error = 0;
    CHECK(bench.pool().connect(bench.endpoint, error));
  }
}

}  // namespace ficus::proxy
