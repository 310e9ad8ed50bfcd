#pragma once

#include <climits>
#include <memory>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "proxy/net/event_loop.h"
#include "proxy/snapshot.h"
#include "proxy/upstream/pool.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace ficus::proxy {

// A backend with one endpoint, a Unix socket whose peers are in this very thread, and the pools of
// as many workers as it takes, whose loops are turned by hand.
class PoolBench {
 public:
  explicit PoolBench(std::size_t count = 1, int descriptors_end = INT_MAX)
      : state(std::make_shared<BackendState>(count)) {
    listener_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    const SocketAddress address = SocketAddress::unix_path((folder_.path() / "s").string());
    REQUIRE(::bind(listener_.get(), address.data(), address.length()) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    endpoint = std::make_shared<EndpointState>(0u, "test", address, count, state);
    backend.name = "only";
    backend.state = state;
    backend.endpoints.push_back({endpoint, true, "test"});
    std::vector<Pool*> all;
    for (std::size_t i = 0; i < count; ++i) {
      workers.push_back(std::make_unique<Worker>(i, descriptors_end));
      all.push_back(&workers.back()->pool);
    }
    for (const auto& worker : workers) worker->pool.set_peers(all);
  }

  ~PoolBench() {
    for (const auto& worker : workers) worker->pool.clear();
    for (const auto& worker : workers) worker->loop.clear_retired();
  }

  struct Worker {
    Worker(std::size_t index, int descriptors_end) : pool(loop, area, index, descriptors_end) {}
    EventLoop loop;
    ReceiveArea area;
    Pool pool;
  };

  // One turn of each loop, so that sockets learn of their readiness and workers of each other.
  void turn() {
    for (const auto& worker : workers) {
      worker->loop.post([] {});  // so that it does not wait
      worker->loop.turn([] {});
    }
  }

  Pool& pool(std::size_t worker = 0) { return workers[worker]->pool; }

  // A new connection of a worker; its other end is accept()ed.
  Lease connect(std::size_t worker = 0) {
    REQUIRE(pool(worker).reserve(*state));
    Lease lease = connect_reserved(worker);
    REQUIRE(lease);
    turn();
    return lease;
  }
  Lease connect_reserved(std::size_t worker = 0) {
    int error = 0;
    return pool(worker).connect(endpoint, error);
  }

  // The server's end of the connection that was opened next.
  FileDescriptor accept() {
    FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
    REQUIRE(fd);
    return fd;
  }

  static void write(const FileDescriptor& peer, std::string_view bytes) {
    REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }

  std::uint64_t idle(std::size_t worker = 0) const {
    return endpoint->cells[worker].connections_idle.value();
  }

  std::shared_ptr<BackendState> state;
  std::shared_ptr<EndpointState> endpoint;
  Backend backend;
  std::vector<std::unique_ptr<Worker>> workers;

 private:
  tests::TemporaryFolder folder_;
  FileDescriptor listener_;
};

}  // namespace ficus::proxy
