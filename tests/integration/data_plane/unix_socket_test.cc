// Backends on Unix sockets and on IPv6.

#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "tests/integration/data_plane/fixture.h"
#include "tests/integration/data_plane/metric.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace ficus::tests;

namespace {

// Answers requests without a body on whatever socket it is given, one connection at a time.
class SocketServer {
 public:
  explicit SocketServer(const sockaddr* address, socklen_t length)
      : listener_(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (::bind(listener_.get(), address, length) != 0) throw_errno("bind");
    if (::listen(listener_.get(), 16) != 0) throw_errno("listen");
    thread_ = std::thread([this] { run(); });
  }
  ~SocketServer() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    const int open = connection_;
    if (open >= 0) ::shutdown(open, SHUT_RDWR);
    thread_.join();
  }

  int descriptor() const { return listener_.get(); }

 private:
  void run() {
    while (!stopping_) {
      const Descriptor connection(::accept(listener_.get(), nullptr, nullptr));
      if (!connection) return;
      connection_ = connection.get();
      serve(connection.get());
      connection_ = -1;
    }
  }

  // The answer's body is the request.
  void serve(int fd) {
    std::string bytes;
    char piece[4096];
    for (;;) {
      const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
      if (got <= 0) return;
      bytes.append(piece, static_cast<std::size_t>(got));
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::string answer = ok(bytes.substr(0, end + 4));
      bytes.erase(0, end + 4);
      if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  Descriptor listener_;
  std::atomic<int> connection_{-1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string in_front_of_url(const std::string& url, const std::string& terms = {}) {
  return "workers: 1\nbackends:\n  only: {endpoints: [\"" + url + "\"]" + terms +
         "}\nroutes:\n  - {name: everything, match: {path_prefix: /}, legacy: only}\n";
}

std::unique_ptr<SocketServer> on_unix_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return std::make_unique<SocketServer>(reinterpret_cast<const sockaddr*>(&address),
                                        static_cast<socklen_t>(sizeof(address)));
}

}  // namespace

TEST_CASE("data plane: a backend on a Unix socket") {
  TemporaryFolder folder;
  const std::string path = (folder.path() / "shop.sock").string();
  const auto server = on_unix_socket(path);
  FicusProcess ficus(in_front_of_url("unix:" + path));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /1")).body == forwarded("GET /1"));
  CHECK(client.exchange(request("GET /2")).body == forwarded("GET /2"));
  wait_for_metric(
      ficus,
      "ficus_upstream_connections{backend=\"only\",endpoint=\"unix:" + path + "\",state=\"idle\"}",
      1);
  // HTTP/1.0 need not say a host, and a socket has none.
  const HttpMessage old = fetch(ficus.port(), "GET /3 HTTP/1.0\r\n\r\n");
  CHECK_THAT(old.body, ContainsSubstring("\r\nHost: localhost\r\n"));
}

TEST_CASE("data plane: a Unix socket that is not there is a bad gateway, and heals") {
  TemporaryFolder folder;
  const std::string path = (folder.path() / "shop.sock").string();
  FicusProcess ficus(in_front_of_url("unix:" + path));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /1")).status() == 502);
  const auto server = on_unix_socket(path);
  CHECK(client.exchange(request("GET /2")).status() == 200);
}

TEST_CASE("data plane: a Unix socket whose queue is full is waited for") {
  TemporaryFolder folder;
  const std::string path = (folder.path() / "shop.sock").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), name, sizeof(address)) == 0);
  REQUIRE(::listen(listener.get(), 0) == 0);
  std::vector<Descriptor> fillers;
  for (;;) {
    fillers.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(fillers.back().get(), name, sizeof(address)) != 0) break;
  }
  FicusProcess ficus(in_front_of_url("unix:" + path, ", timeouts: {connect: 1s}"));
  RawClient client(ficus.port());
  CHECK(client.exchange(request("GET /1")).status() == 504);
  client.send(request("GET /2"));
  std::vector<Descriptor> accepted;
  for (std::size_t i = 0; i + 1 < fillers.size(); ++i) {
    accepted.emplace_back(::accept(listener.get(), nullptr, nullptr));
  }
  const Descriptor connection(::accept(listener.get(), nullptr, nullptr));
  const std::string answer = ok("room");
  REQUIRE(::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL) > 0);
  CHECK(client.read_response().body == "room");
}

TEST_CASE("data plane: a check without a path is content with a connection") {
  TemporaryFolder folder;
  const std::string path = (folder.path() / "shop.sock").string();
  FicusProcess ficus(
      in_front_of_url("unix:" + path, ", health_check: {interval: 100ms, healthy_after: 1}"));
  const std::string healthy =
      "ficus_endpoint_healthy{backend=\"only\",endpoint=\"unix:" + path + "\"}";
  wait_for_metric(ficus, healthy, 0);
  const auto server = on_unix_socket(path);
  wait_for_metric(ficus, healthy, 1);
}

TEST_CASE("data plane: a backend on IPv6") {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  SocketServer server(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  socklen_t length = sizeof(address);
  ::getsockname(server.descriptor(), reinterpret_cast<sockaddr*>(&address), &length);
  const std::string host = "[::1]:" + std::to_string(ntohs(address.sin6_port));
  FicusProcess ficus(in_front_of_url("http://" + host));
  CHECK(RawClient(ficus.port()).exchange(request("GET /1")).body == forwarded("GET /1"));
  CHECK_THAT(fetch(ficus.port(), "GET /3 HTTP/1.0\r\n\r\n").body,
             ContainsSubstring("\r\nHost: " + host + "\r\n"));
  CHECK(metric(ficus, "ficus_endpoint_healthy{backend=\"only\",endpoint=\"" + host + "\"}") == 1);
}
