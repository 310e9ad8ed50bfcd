// A tunnel lasts for days; the configuration that it began with must not.

#include <limits>

#include "config/loader.h"
#include "control/change/resolve.h"
#include "control/change/route_registry.h"
#include "control/change/snapshot_builder.h"
#include "proxy/server.h"
#include "tests/support/catch.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_backend.h"

namespace ficus::tests {
namespace {

// The data plane alone, with a snapshot from this test's own hand.
class DataPlane {
 public:
  explicit DataPlane(const std::string& backend)
      : text_(
            "version: 1\nworkers: 1\nlisteners: [{address: 127.0.0.1:0}]\n"
            "backends:\n  shop: {endpoints: [\"" +
            backend + "\"]}\nroutes: [{name: shop, legacy: shop}]\n") {
    resolve();
    REQUIRE_FALSE(server_.listen(resolved_.config.listeners));
    auto first = snapshot();
    first_ = first;
    server_.start(std::move(first));
  }
  ~DataPlane() { server_.stop(); }

  std::uint16_t port() const {
    const std::string address = server_.listening().at(0);
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  void publish_another() {
    server_.publish(snapshot());
    REQUIRE(eventually([&] { return server_.applied_version(0) == version_; }));
  }

  bool first_is_gone() const { return first_.expired(); }

  std::uint64_t switched() const {
    return registry_.route("shop")->per_worker[0].cells.sides[0].requests.value(
        proxy::StatusCells::cell_of(101));
  }

 private:
  void resolve() {
    auto loaded = config::load_text(text_, "f.yaml", config::empty_environment());
    REQUIRE(loaded.config);
    auto outcome = control::resolve(std::move(*loaded.config), 1);
    REQUIRE(outcome.resolved);
    resolved_ = std::move(*outcome.resolved);
  }

  std::shared_ptr<const proxy::RoutingSnapshot> snapshot() {
    const control::RouteTable::Moment at{std::chrono::steady_clock::now(),
                                         std::chrono::system_clock::now(), ++version_};
    const control::RouteTable table = control::RouteTable{}.reloaded(resolved_.config, at);
    const control::HealthLookup healthy = [](const auto&, const auto&) { return true; };
    return control::build_snapshot(
        {resolved_.config, resolved_.addresses, resolved_.rules, table, registry_, healthy, at});
  }

  const std::string text_;
  control::ResolvedConfig resolved_;
  mutable control::RouteRegistry registry_{1, nullptr};
  std::uint64_t version_ = 0;
  std::weak_ptr<const proxy::RoutingSnapshot> first_;
  proxy::ProxyServer server_{1, std::numeric_limits<int>::max()};
};

const std::string kSwitch =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const std::string kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

}  // namespace

TEST_CASE("tunnel: a snapshot is let go of when it is replaced, though the tunnel goes on") {
  ScriptedBackend backend(
      Script{read_head(), send(kSwitched), read_count(4), send("pong"), read_to_end()});
  DataPlane proxy(backend.url());
  RawClient client(proxy.port());
  client.send(kSwitch);
  client.read_until("\r\n\r\n");
  CHECK_FALSE(proxy.first_is_gone());
  proxy.publish_another();
  CHECK(eventually([&] { return proxy.first_is_gone(); }));
  client.send("ping");
  CHECK(client.read_bytes(4) == "pong");
  client.half_close();
  client.read_to_end();
  CHECK(eventually([&] { return proxy.switched() == 1; }));
}

}  // namespace ficus::tests
