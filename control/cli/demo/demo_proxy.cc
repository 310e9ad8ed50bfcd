#include "control/cli/demo/demo_proxy.h"

#include <cstdlib>
#include <stdexcept>
#include <utility>
#include <vector>

#include "config/loader.h"
#include "control/app.h"
#include "control/log.h"

namespace ficus::control::demo {
namespace {

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

config::Config parsed(const std::string& yaml) {
  config::LoadOutcome outcome = config::load_text(yaml, "demo.yaml");
  if (outcome.config) return std::move(*outcome.config);
  std::string faults;
  for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
    faults += diagnostic.text() + "\n";
  }
  throw std::runtime_error(faults);
}

}  // namespace

class DemoProxy::Running {
 public:
  explicit Running(const std::string& yaml) : log_(Log::silent()), app_(log_) {
    const auto failure = app_.start(parsed(yaml));
    if (!failure) return;
    std::string faults;
    for (const std::string& fault : failure->faults) faults += fault + "\n";
    throw std::runtime_error(faults);
  }

  const App& app() const { return app_; }

 private:
  Log log_;
  App app_;
};

DemoProxy::DemoProxy(const std::string& yaml) : running_(std::make_unique<Running>(yaml)) {}
DemoProxy::~DemoProxy() = default;

std::uint16_t DemoProxy::port() const { return port_of(running_->app().listening().front()); }
std::uint16_t DemoProxy::admin_port() const { return port_of(running_->app().admin_address()); }

}  // namespace ficus::control::demo
