#include "control/app.h"

#include <future>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "build_info.h"
#include "config/loader.h"
#include "control/admin/admin_server.h"
#include "control/change/resolve.h"
#include "control/control_plane.h"
#include "control/descriptors.h"
#include "proxy/server.h"

namespace ficus::control {
namespace {

std::vector<std::string> texts(const config::Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const config::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == config::Severity::error) lines.push_back(diagnostic.text());
  }
  return lines;
}

constexpr int kLoaderNice = 10;

// Adds the place in the file to what the data plane said about an address.
std::string with_place(const config::Config& config, const std::string& fault) {
  for (const config::Listener& listener : config.listeners) {
    if (fault.find(listener.address()) == std::string::npos || listener.at.line == 0) continue;
    return listener.at.file + ":" + std::to_string(listener.at.line) + ":" +
           std::to_string(listener.at.column) + ": listeners: " + fault;
  }
  return "listeners: " + fault;
}

// What only a new start can change.
std::vector<std::string> needs_restart(const config::Config& from, const config::Config& to) {
  std::vector<std::string> faults;
  const auto refuse = [&faults](const std::string& key, const std::string& was) {
    faults.push_back(key + ": cannot change while running (it is " + was +
                     "): it needs a restart; put the old value back to reload the rest");
  };
  if (from.workers != to.workers) {
    refuse("workers", from.workers == 0 ? "auto" : std::to_string(from.workers));
  }
  if (from.state_dir != to.state_dir) refuse("state_dir", from.state_dir.value_or("not given"));
  if (from.admin.address() != to.admin.address()) refuse("admin.address", from.admin.address());
  return faults;
}

}  // namespace

// The first snapshot starts the data plane; those after it are published to it.
class App::ServerSink final : public proxy::SnapshotSink {
 public:
  explicit ServerSink(proxy::ProxyServer& server) : server_(server) {}

  void publish(std::shared_ptr<const proxy::RoutingSnapshot> snapshot) override {
    if (started_) return server_.publish(std::move(snapshot));
    started_ = true;
    server_.start(std::move(snapshot));
  }
  std::size_t workers() const override { return server_.workers(); }
  std::uint64_t applied_version(std::size_t worker) const override {
    return server_.applied_version(worker);
  }

 private:
  proxy::ProxyServer& server_;
  bool started_ = false;
};

App::App(Log& log, NameWatch names) : log_(log), names_(std::move(names)) {}
App::~App() { stop(); }

template <typename Work>
void App::on_control(Work work) {
  std::promise<void> done;
  control_->post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

std::vector<std::string> App::start(config::Config config) {
  const std::size_t workers = worker_count(config);
  auto outcome = resolve(std::move(config), workers, names_.look_up);
  if (!outcome.resolved) return texts(outcome.diagnostics);
  running_ = std::make_shared<const ResolvedConfig>(std::move(*outcome.resolved));
  const config::Config& loaded = running_->config;

  raise_descriptor_limit();
  server_ = std::make_unique<proxy::ProxyServer>(worker_count(loaded));
  if (const auto fault = server_->listen(loaded.listeners)) return {with_place(loaded, *fault)};
  listening_ = server_->listening();

  sink_ = std::make_unique<ServerSink>(*server_);
  const WorkerCellsOf cells = [this](std::size_t worker) -> const proxy::WorkerCells& {
    return server_->cells(worker);
  };
  control_ =
      std::make_unique<ControlPlane>(ControlPlane::Parts{clock_, log_, *sink_, cells, names_});
  admin_ = std::make_unique<AdminServer>(admin_context(*control_, cells), log_);
  if (const auto fault = admin_->start(loaded.admin)) return {*fault};

  control_->start();
  control_->set_listening(listening_);
  std::promise<void> in_force;
  control_->load(running_, [&](const auto&) { in_force.set_value(); });
  in_force.get_future().wait();
  log_start(loaded);
  return {};
}

void App::log_start(const config::Config& config) {
  log_.info(std::string("ficus ") + kVersion + " (" + kRevision + ")");
  log_.info("workers " + std::to_string(server_->workers()));
  log_.info(connection_limit_text(config));
  if (const auto shortage = descriptor_shortage(config)) log_.warning(*shortage);
  if (config.state_dir) {
    log_.warning("state_dir " + *config.state_dir + " is accepted but not used in this version");
  }
  log_.info(
      "weights and latches are kept in memory only (durable: false): they survive a reload, and a "
      "restart begins with the file");
  for (const std::string& address : listening_) log_.info("listening on " + address);
  log_.info("admin on " + admin_->address());
}

void App::reload(const std::string& path) {
  load_again_ = true;
  if (loading_.exchange(true)) return;
  if (loader_.joinable()) loader_.join();
  loader_ = std::thread([this, path] {
    // A large file is read in the time that traffic leaves.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLoaderNice);
    do {
      while (load_again_.exchange(false)) reload_now(path);
      loading_ = false;
      // Asked for between the last look and now: nobody else would do it.
    } while (load_again_ && !loading_.exchange(true));
  });
}

void App::reload_now(const std::string& path) {
  config::LoadOutcome loaded = config::load(path);
  std::vector<std::string> faults = texts(loaded.diagnostics);
  if (loaded.config) {
    const std::size_t workers = worker_count(*loaded.config);
    auto outcome = resolve(std::move(*loaded.config), workers, names_.look_up);
    if (outcome.resolved) {
      faults = apply(std::make_shared<const ResolvedConfig>(std::move(*outcome.resolved)));
    } else {
      faults = texts(outcome.diagnostics);
    }
  }
  if (faults.empty()) {
    log_.info("configuration reloaded hash=" + running_->config.hash);
    return;
  }
  for (const std::string& fault : faults) log_.error(fault);
  log_.error("configuration refused: " + std::to_string(faults.size()) + " error(s) in " + path +
             "; the one before stays in force");
  control_->note_failed_reload(std::move(faults));
}

// Takes a configuration that is sound in itself. Empty: it is in force.
std::vector<std::string> App::apply(std::shared_ptr<const ResolvedConfig> next) {
  std::vector<std::string> faults = needs_restart(running_->config, next->config);
  if (!faults.empty()) return faults;
  std::optional<std::string> fault;
  std::vector<std::string> listening;
  on_control([&] {
    fault = server_->listen(next->config.listeners);
    listening = server_->listening();
  });
  if (fault) return {with_place(next->config, *fault)};
  std::promise<void> in_force;
  control_->load(next, [&](const auto&) { in_force.set_value(); });
  in_force.get_future().wait();
  control_->set_listening(std::move(listening));
  if (const auto shortage = descriptor_shortage(next->config)) log_.warning(*shortage);
  running_ = std::move(next);
  return {};
}

void App::announce_drain() { control_->begin_drain(); }

void App::begin_drain() {
  on_control([this] { server_->begin_drain(); });
}

bool App::drained() {
  bool done = false;
  on_control([&] { done = server_->drained(); });
  return done;
}

// The loader first: it waits for the control thread. The data plane last: its threads tell the
// control plane about verdicts.
void App::stop() {
  if (std::exchange(stopped_, true)) return;
  if (loader_.joinable()) loader_.join();
  if (admin_) admin_->stop();
  if (control_) control_->stop();
  if (server_) server_->stop();
}

std::string App::admin_address() const { return admin_ ? admin_->address() : ""; }

config::Drain App::drain() const {
  const auto resolved = control_ ? control_->view()->resolved : nullptr;
  return resolved ? resolved->config.drain : config::Drain{};
}

}  // namespace ficus::control
