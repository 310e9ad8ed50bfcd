#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/model.h"
#include "control/change/name_watcher.h"
#include "control/clock.h"
#include "control/log.h"

namespace ficus::proxy {
class ProxyServer;
}

namespace ficus::control {

class AdminServer;
class ControlPlane;
struct ResolvedConfig;

// The whole product in one object: data plane, control plane, admin listener. Builds and wires
// everything; decides nothing. Thread: the owner's, for all methods.
class App {
 public:
  // `names`: how names of endpoints are looked up, at start and later.
  explicit App(Log& log, NameWatch names = {});
  ~App();  // stops

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Returns once every worker accepts connections. Otherwise what failed, a sentence a line, each
  // with the mend; the object is then of no further use.
  std::vector<std::string> start(config::Config config);

  // Loads the file on a thread of its own and takes it whole or not at all. The outcome goes to the
  // log. Asked for while one is under way, it is done once more after that.
  void reload(const std::string& path);

  // From here on: not ready, but everything is served.
  void announce_drain();
  // Then: no new connections; what is in flight is finished.
  void begin_drain();
  bool drained();

  // Ends what is left.
  void stop();

  // With the ports really bound; the listeners in the order of the configuration.
  std::vector<std::string> listening() const { return listening_; }
  std::string admin_address() const;
  config::Drain drain() const;

 private:
  class ServerSink;

  void log_start(const config::Config& config);
  void reload_now(const std::string& path);
  std::vector<std::string> apply(std::shared_ptr<const ResolvedConfig> next);

  // Runs on the control thread, to which the data plane belongs, and waits for the end.
  template <typename Work>
  void on_control(Work work);

  Log& log_;
  const NameWatch names_;
  const SystemClock clock_;
  std::shared_ptr<const ResolvedConfig> running_;  // after start(): the loader's thread only
  std::vector<std::string> listening_;
  std::unique_ptr<proxy::ProxyServer> server_;
  std::unique_ptr<ServerSink> sink_;
  // Destroyed after the control plane, which may still hold answers for it.
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<ControlPlane> control_;

  std::thread loader_;
  std::atomic<bool> loading_{false};
  std::atomic<bool> load_again_{false};
  bool stopped_ = false;
};

}  // namespace ficus::control
