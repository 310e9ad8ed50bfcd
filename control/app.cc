#include "control/app.h"

#include <future>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "build_info.h"
#include "config/loader.h"
#include "control/admin/admin_server.h"
#include "control/change/resolve.h"
#include "control/check/outside_warnings.h"
#include "control/control_plane.h"
#include "control/descriptors.h"
#include "control/log/access_log_writer.h"
#include "control/service/identity.h"
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

void log_warnings(const config::Diagnostics& diagnostics, Log& log) {
  for (const config::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == config::Severity::warning) log.warning(diagnostic.text());
  }
}

constexpr int kLoaderNice = 10;
// From the end of a drain to that of the process: threads, and the lines of the access log.
constexpr std::chrono::seconds kEndWithin{10};
constexpr std::chrono::milliseconds kLookUpPatience{1'000};  // for warnings alone

// Adds the place in the file to what the data plane said about an address.
std::string with_place(const config::Config& config, const std::string& fault) {
  for (const config::Listener& listener : config.listeners) {
    if (fault.find(listener.address()) == std::string::npos || listener.at.line == 0) continue;
    return listener.at.file + ":" + std::to_string(listener.at.line) + ":" +
           std::to_string(listener.at.column) + ": listeners: " + fault;
  }
  return "listeners: " + fault;
}

std::string place(const config::Location& at) {
  if (at.line == 0) return {};
  return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
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
  if (from.user != to.user) refuse("user", from.user.value_or("not given"));
  if (from.group != to.group) refuse("group", from.group.value_or("not given"));
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
  void rotate_ticket_keys() override { server_.rotate_ticket_keys(); }

 private:
  proxy::ProxyServer& server_;
  bool started_ = false;
};

App::App(Log& log, NameWatch names, Supervisor supervisor)
    : log_(log),
      names_(std::move(names)),
      look_ups_(names_.look_up),
      supervisor_(std::move(supervisor)) {}
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

std::optional<StartFailure> App::start(config::Config config) {
  using Cause = StartFailure::Cause;
  const std::size_t workers = worker_count(config);
  auto outcome = resolve(std::move(config), workers, names_.look_up);
  if (!outcome.resolved) {
    std::vector<std::string> faults = texts(outcome.diagnostics);
    const bool only_names = faults.size() == outcome.names_not_found;
    return StartFailure{only_names ? Cause::machine : Cause::configuration, std::move(faults)};
  }
  log_warnings(outcome.diagnostics, log_);
  running_ = std::make_shared<const ResolvedConfig>(std::move(*outcome.resolved));
  const config::Config& loaded = running_->config;

  raise_descriptor_limit();
  server_ = std::make_unique<proxy::ProxyServer>(worker_count(loaded), traffic_descriptors_end());
  const auto admin_socket = take_admin_socket(loaded);
  server_->inherit(std::move(inherited_));
  if (const auto fault = server_->listen(loaded.listeners)) {
    return StartFailure{Cause::machine, {with_place(loaded, *fault)}};
  }
  listening_ = server_->listening();

  std::vector<proxy::AccessLog*> lines;
  for (std::size_t i = 0; i < server_->workers(); ++i) lines.push_back(&server_->access_log(i));
  access_log_ = std::make_unique<AccessLogWriter>(log_, std::move(lines));
  sink_ = std::make_unique<ServerSink>(*server_);
  const WorkerCellsOf cells = [this](std::size_t worker) -> const proxy::WorkerCells& {
    return server_->cells(worker);
  };
  control_ = std::make_unique<ControlPlane>(ControlPlane::Parts{
      clock_, log_, *sink_, cells, names_, [this] { return access_log_->dropped(); }});
  admin_ = std::make_unique<AdminServer>(admin_context(*control_, cells), log_);
  if (const auto fault = admin_->start(loaded.admin, admin_socket ? &*admin_socket : nullptr)) {
    return StartFailure{Cause::machine, {*fault}};
  }
  // Every socket is bound. What is opened from here on can be opened again by a reload.
  if (const auto fault = take_identity(loaded)) {
    return StartFailure{Cause::configuration, {*fault}};
  }
  std::optional<LogFile> file;
  if (const auto fault = open_access_log(loaded, file)) {
    return StartFailure{Cause::machine, {*fault}};
  }
  if (file) access_log_->use(std::move(*file));

  control_->start();
  control_->set_listening(listening_);
  std::promise<void> in_force;
  control_->load(running_, [&](const auto&) { in_force.set_value(); });
  in_force.get_future().wait();
  log_start(loaded);
  supervisor_.ready(serving());
  return std::nullopt;
}

void App::inherit(std::vector<proxy::InheritedSocket> sockets) { inherited_ = std::move(sockets); }

// What is left is the data plane's. Tells of sockets that nobody uses.
std::optional<proxy::InheritedSocket> App::take_admin_socket(const config::Config& config) {
  std::optional<proxy::InheritedSocket> found;
  const auto* admin = proxy::find_inherited(inherited_, config.admin.host, config.admin.port);
  if (admin != nullptr) {
    const auto at = inherited_.begin() + (admin - inherited_.data());
    found = std::move(*at);
    inherited_.erase(at);
  }
  for (const proxy::InheritedSocket& socket : inherited_) {
    const bool is_used = std::ranges::any_of(config.listeners, [&](const auto& listener) {
      return proxy::find_inherited(inherited_, listener.host, listener.port) == &socket;
    });
    if (is_used) continue;
    log_.warning("inherited socket " + socket.address + " (" + socket.name +
                 ") fits no listener: write a listener with just that address; nothing accepts on "
                 "it now");
  }
  return found;
}

std::string App::serving() {
  std::string text = "serving on";
  on_control([&] {
    for (const std::string& address : server_->listening()) text += " " + address;
  });
  return text;
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

void App::log_advice(const config::Advice& advice) {
  for (const auto& one : all_warnings(running_->config, advice, kLookUpPatience)) {
    log_.warning(one.text());
  }
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
  if (look_ups_.given_up()) return;
  supervisor_.reloading();
  config::LoadOutcome loaded = config::load(path);
  std::vector<std::string> faults = texts(loaded.diagnostics);
  if (loaded.config) {
    const std::size_t workers = worker_count(*loaded.config);
    KnownNames known;
    on_control([&] { known = control_->known_names(); });
    const auto look_up = [this](const config::EndpointUrl& url) { return look_ups_.find(url); };
    auto outcome = resolve(std::move(*loaded.config), workers, look_up, known);
    if (look_ups_.given_up()) {
      return log_.warning(
          "configuration not loaded anew: the process ends first; the next start reads it");
    }
    if (outcome.resolved) {
      log_warnings(outcome.diagnostics, log_);
      faults = apply(std::make_shared<const ResolvedConfig>(std::move(*outcome.resolved)));
    } else {
      faults = texts(outcome.diagnostics);
    }
  }
  if (faults.empty()) {
    log_.info("configuration reloaded hash=" + running_->config.hash);
    supervisor_.ready(serving());
    log_advice(loaded.advice);
    return;
  }
  for (const std::string& fault : faults) log_.error(fault);
  const auto& user = running_->config.user;
  log_.error("configuration refused: " + std::to_string(faults.size()) + " error(s) in " + path +
             (user ? ", read as user " + *user : "") + "; the one before stays in force");
  supervisor_.ready(serving() + "; the last configuration was refused");
  control_->note_failed_reload(std::move(faults));
}

// Takes a configuration that is sound in itself. Empty: it is in force.
std::vector<std::string> App::apply(std::shared_ptr<const ResolvedConfig> next) {
  std::vector<std::string> faults = needs_restart(running_->config, next->config);
  if (!faults.empty()) return faults;
  std::optional<LogFile> file;
  if (const auto problem = open_access_log(next->config, file)) return {*problem};
  std::optional<std::string> fault;
  std::vector<std::string> listening;
  on_control([&] {
    fault = server_->listen(next->config.listeners);
    listening = server_->listening();
  });
  if (fault) return {with_place(next->config, *fault)};
  if (file) access_log_->use(std::move(*file));
  std::promise<void> in_force;
  control_->load(next, [&](const auto&) { in_force.set_value(); });
  in_force.get_future().wait();
  control_->set_listening(std::move(listening));
  if (const auto shortage = descriptor_shortage(next->config)) log_.warning(*shortage);
  running_ = std::move(next);
  return {};
}

// Gives the file if it is another one than before, or what failed.
std::optional<std::string> App::open_access_log(const config::Config& config,
                                                std::optional<LogFile>& file) const {
  if (!config.access_log) return std::nullopt;
  const config::AccessLog& wanted = *config.access_log;
  const auto& before = running_->config.access_log;
  const bool is_open = &running_->config != &config && before && before->path == wanted.path;
  if (is_open) return std::nullopt;
  auto opened = LogFile::open(wanted.path);
  if (auto* problem = std::get_if<std::string>(&opened)) {
    return place(wanted.at) + "access_log.path: " + *problem;
  }
  file = std::move(std::get<LogFile>(opened));
  return std::nullopt;
}

void App::reopen_logs() { access_log_->reopen(); }

void App::announce_drain() {
  const config::Drain terms = drain();
  supervisor_.stopping("draining", terms.delay + terms.timeout + kEndWithin);
  control_->begin_drain();
}

void App::begin_drain() {
  on_control([this] { server_->begin_drain(); });
}

bool App::drained() {
  bool done = false;
  on_control([&] { done = server_->drained(); });
  return done;
}

// The loader first: it waits for the control thread. The data plane late: its threads tell the
// control plane about verdicts. Then the lines that it left.
void App::stop() {
  if (std::exchange(stopped_, true)) return;
  look_ups_.give_up();
  if (loader_.joinable()) loader_.join();
  if (admin_) admin_->stop();
  if (control_) control_->stop();
  if (server_) server_->stop();
  if (access_log_) access_log_->stop();
}

std::string App::admin_address() const { return admin_ ? admin_->address() : ""; }

config::Drain App::drain() const {
  const auto resolved = control_ ? control_->view()->resolved : nullptr;
  return resolved ? resolved->config.drain : config::Drain{};
}

}  // namespace ficus::control
