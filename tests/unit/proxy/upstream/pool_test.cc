#include "proxy/upstream/pool.h"

#include <cerrno>
#include <sys/resource.h>

#include "tests/support/descriptor_shortage.h"
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
    CHECK(bench.connect_reserved());
  }
  SECTION("it has ended, and the loop knows") {
    server.reset();
    bench.turn();
    CHECK_FALSE(pending.take(Care::trust_the_loop));
    CHECK(bench.connect_reserved());
  }
}

// max_connections 1, max_pending 0, two workers; the first has the connection.
TEST_CASE("pool: beyond max_pending a request waits for what another worker can spare, only") {
  PoolBench bench(2);
  bench.state->set_limits({1, 0});
  Lease lease = bench.connect(0);
  const FileDescriptor server = bench.accept();
  Waiter waiter(bench.workers[1]->loop);
  PendingRequest pending;
  const auto talk = [&] {
    for (int i = 0; i < 4; ++i) bench.turn();
  };

  SECTION("an idle connection is handed over") {
    lease.give_back(seconds(30));
    REQUIRE_FALSE(bench.pool(1).reserve(*bench.state));
    REQUIRE(bench.pool(1).wait(pending, bench.state, waiter));
    // It is spoken for.
    PendingRequest second;
    CHECK_FALSE(bench.pool(1).wait(second, bench.state, waiter));
    talk();
    REQUIRE(pending.granted());
    CHECK_FALSE(pending.take(Care::trust_the_loop));
    CHECK(bench.idle(0) == 0);
    CHECK(bench.connect_reserved(1));
  }
  SECTION("so is one that comes free as it asks") {
    REQUIRE(bench.pool(1).wait(pending, bench.state, waiter));
    lease.give_back(seconds(30));
    talk();
    REQUIRE(pending.granted());
    pending.leave();
  }
  SECTION("one in use is not waited for") {
    REQUIRE(bench.pool(1).wait(pending, bench.state, waiter));
    talk();
    CHECK_FALSE(pending.granted());
    CHECK(pending.refused());
    CHECK(bench.state->per_worker[1].overflows.value() == 1);
    CHECK(lease);
  }
  SECTION("nor one of this very worker") {
    CHECK_FALSE(bench.pool(0).wait(pending, bench.state, waiter));
  }
  SECTION("nor one that another request took first") {
    lease.give_back(seconds(30));
    REQUIRE(bench.pool(1).wait(pending, bench.state, waiter));
    lease = bench.pool(0).take_idle(*bench.endpoint, Care::trust_the_loop);
    REQUIRE(lease);
    talk();
    CHECK(pending.refused());
  }
  CHECK(bench.state->waiting() == 0);
  CHECK(bench.state->connections() <= 1);
}

// While it lives this process can open no descriptor.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(FileDescriptor(::dup(0)).get());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("pool: without a descriptor the connection that is idle longest gives up its own") {
  FICUS_NEEDS_NO_SANITIZER();
  PoolBench bench(2);
  Lease first = bench.connect(0);
  Lease second = bench.connect(0);
  const int fd = first->socket.fd();
  first.give_back(seconds(20));
  second.give_back(seconds(30));
  REQUIRE(bench.idle(0) == 2);

  SECTION("of this worker") {
    const NoDescriptorLeft shortage;
    REQUIRE(bench.pool(0).reserve(*bench.state));
    const Lease next = bench.connect_reserved(0);
    REQUIRE(next);
    CHECK(next->socket.fd() == fd);
    CHECK(bench.idle(0) == 1);
    CHECK(bench.state->connections() == 2);
  }
  SECTION("of another worker, when it is told") {
    const NoDescriptorLeft shortage;
    REQUIRE(bench.pool(1).reserve(*bench.state));
    CHECK_FALSE(bench.connect_reserved(1));
    CHECK(bench.pool(1).drop_any_idle_elsewhere());
    bench.turn();
    CHECK(bench.idle(0) == 1);
    REQUIRE(bench.pool(1).reserve(*bench.state));
    CHECK(bench.connect_reserved(1));
  }
  SECTION("but not to one that is opened ahead") {
    bench.backend.preconnect = 3;
    TlsWorker tls;
    const NoDescriptorLeft shortage;
    bench.pool(0).preconnect(bench.backend, tls);
    CHECK(bench.idle(0) == 2);
  }
}

TEST_CASE("pool: the last descriptors are not for connections") {
  PoolBench bench(2, 3);
  int error = 0;
  REQUIRE(bench.pool(0).reserve(*bench.state));
  CHECK_FALSE(bench.pool(0).connect(bench.endpoint, error));
  CHECK(error == EMFILE);
  CHECK(bench.state->connections() == 0);
  CHECK_FALSE(bench.pool(0).drop_any_idle_elsewhere());
}

}  // namespace ficus::proxy
