#include "control/cli/demo/demo_config.h"

namespace ficus::control::demo {

std::vector<std::string> demo_routes() { return {"plain", "with-fallback"}; }

std::vector<std::string> demo_hosts() { return {"plain.shop.test", "fallback.shop.test"}; }

std::string demo_config(const DemoPorts& ports) {
  return "version: 1\nworkers: " + std::to_string(kDemoWorkers) + R"(
listeners: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
drain: {delay: 0s, timeout: 1s}
backends:
  old-shop: {endpoints: ["http://127.0.0.1:)" +
         std::to_string(ports.legacy) + R"("]}
  new-shop:
    endpoints: ["http://127.0.0.1:)" +
         std::to_string(ports.fresh) + R"("]
    timeouts: {first_byte: 500ms}
routes:
  - name: plain
    match: {hosts: [plain.shop.test], path_prefix: /}
    legacy: old-shop
    new: new-shop
    weight: 0
    writes: shared
  - name: with-fallback
    match: {hosts: [fallback.shop.test], path_prefix: /}
    legacy: old-shop
    new: new-shop
    weight: 0
    writes: shared
    fallback: {on: [connect_failure, reset, timeout, overflow, 500, 502, 503, 504]}
)";
}

}  // namespace ficus::control::demo
