#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "config/model.h"
#include "control/change/resolve.h"
#include "proxy/server.h"

namespace ficus::control {

// A data plane without threads: installs what it is told to, on as many workers as it is told to.
class FakeSink final : public proxy::SnapshotSink {
 public:
  explicit FakeSink(std::size_t workers) : applied_(workers) {}

  void publish(std::shared_ptr<const proxy::RoutingSnapshot> snapshot) override {
    published.push_back(snapshot);
    for (std::size_t i = 0; i + lagging < applied_.size(); ++i) applied_[i] = snapshot->version;
  }
  std::size_t workers() const override { return applied_.size(); }
  std::uint64_t applied_version(std::size_t worker) const override { return applied_[worker]; }

  void catch_up() {
    for (std::uint64_t& version : applied_) version = published.back()->version;
  }

  std::vector<std::shared_ptr<const proxy::RoutingSnapshot>> published;
  std::size_t lagging = 0;  // so many workers do not install

 private:
  std::vector<std::uint64_t> applied_;
};

// One route "shop" from backend "old" to "new", on addresses where nobody listens.
inline std::shared_ptr<const ResolvedConfig> shop_config(double weight) {
  auto resolved = std::make_shared<ResolvedConfig>();
  for (const auto& [name, port] : {std::pair{"old", 1}, std::pair{"new", 2}}) {
    config::EndpointUrl url;
    url.text = "http://127.0.0.1:" + std::to_string(port);
    url.host = "127.0.0.1";
    url.port = static_cast<std::uint16_t>(port);
    config::Backend backend;
    backend.name = name;
    backend.endpoints.push_back(url);
    resolved->config.backends.push_back(backend);
    resolved->addresses[url.text] = {*proxy::SocketAddress::parse(url.host, url.port)};
  }
  config::Route route;
  route.name = "shop";
  route.match.path_prefix = "/";
  route.legacy = "old";
  route.fresh = "new";
  route.weight = *config::Weight::from_percent(weight);
  route.guard.slow_start = false;
  resolved->config.routes.push_back(route);
  return resolved;
}

}  // namespace ficus::control
