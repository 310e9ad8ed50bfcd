#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/advice.h"
#include "config/model.h"
#include "control/change/look_ups.h"
#include "control/change/name_watcher.h"
#include "control/clock.h"
#include "control/log.h"
#include "control/service/supervisor.h"
#include "proxy/listener_set.h"

namespace ficus::proxy {
class ProxyServer;
}

namespace ficus::control {

class AccessLogWriter;
class AdminServer;
class ControlPlane;
class LogFile;
struct ResolvedConfig;

// Why it did not start.
struct StartFailure {
  enum class Cause {
    configuration,  // another start with the same file would fail as well
    machine,        // may be otherwise next time: a port in use, a name that nobody knows now
  };
  Cause cause = Cause::machine;
  std::vector<std::string> faults;  // a sentence a line, each with the mend
};

// The whole product in one object: data plane, control plane, admin listener. Builds and wires
// everything; decides nothing. Thread: the owner's, for all methods.
class App {
 public:
  // `names`: how names of endpoints are looked up, at start and later. `supervisor` is told the
  // state.
  explicit App(Log& log, NameWatch names = {}, Supervisor supervisor = {});
  ~App();  // stops

  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Listeners, the admin's too, use the sockets of their addresses instead of binding. Before
  // start().
  void inherit(std::vector<proxy::InheritedSocket> sockets);

  // Returns once every worker accepts connections. After a failure the object is of no further use.
  std::optional<StartFailure> start(config::Config config);

  // The warnings for the configuration in force, one line each. Nothing is refused for them.
  void log_advice(const config::Advice& advice);

  // Loads the file on a thread of its own and takes it whole or not at all. The outcome goes to the
  // log. Asked for while one is under way, it is done once more after that.
  void reload(const std::string& path);

  // Opens the access log's path anew, because its file was moved away.
  void reopen_logs();

  // From here on: not ready, but everything is served.
  void announce_drain();
  // Then: no new connections; what is in flight is finished.
  void begin_drain();
  bool drained();

  // Ends what is left. A reload that waits for a name server comes to nothing.
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
  std::optional<std::string> open_access_log(const config::Config& config,
                                             std::optional<LogFile>& file) const;

  // Runs on the control thread, to which the data plane belongs, and waits for the end.
  template <typename Work>
  void on_control(Work work);

  std::optional<proxy::InheritedSocket> take_admin_socket(const config::Config& config);
  std::string serving();  // a status line

  Log& log_;
  const NameWatch names_;
  LookUps look_ups_;  // the loader's
  const Supervisor supervisor_;
  const SystemClock clock_;
  std::shared_ptr<const ResolvedConfig> running_;  // after start(): the loader's thread only
  std::vector<std::string> listening_;
  std::vector<proxy::InheritedSocket> inherited_;  // before start()
  std::unique_ptr<proxy::ProxyServer> server_;
  std::unique_ptr<AccessLogWriter> access_log_;
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
