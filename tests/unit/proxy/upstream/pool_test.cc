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
    CHECK(bench.pool().take_idle(*bench.endpoint, Pool::Care::trust_the_loop));
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

}  // namespace ficus::proxy
