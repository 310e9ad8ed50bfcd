#include "config/model.h"

namespace ficus::config {
namespace {

std::string join(const std::string& host, std::uint16_t port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

std::string Listener::address() const { return join(host, port); }
std::string Admin::address() const { return join(host, port); }
std::string Metrics::address() const { return join(host, port); }

}  // namespace ficus::config
