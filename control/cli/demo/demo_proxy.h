#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ficus::control::demo {

// ficus itself, in this process, on a configuration given as text. Throws std::runtime_error with a
// sentence when it cannot start. One thread.
class DemoProxy {
 public:
  explicit DemoProxy(const std::string& yaml);
  ~DemoProxy();

  DemoProxy(const DemoProxy&) = delete;
  DemoProxy& operator=(const DemoProxy&) = delete;

  std::uint16_t port() const;
  std::uint16_t admin_port() const;

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace ficus::control::demo
