#include "proxy/server.h"

#include <algorithm>

#include "proxy/connection_counts.h"
#include "proxy/listener_set.h"
#include "proxy/worker.h"

namespace ficus::proxy {

ProxyServer::ProxyServer(std::size_t workers, int descriptors_end)
    : counts_(std::make_unique<ConnectionCounts>()) {
  for (std::size_t i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, workers, *counts_, descriptors_end));
  }
  rotate_ticket_keys();
  std::vector<Pool*> pools;
  for (auto& worker : workers_) pools.push_back(&worker->pool());
  for (auto& worker : workers_) worker->pool().set_peers(pools);
}

ProxyServer::~ProxyServer() { stop(); }

void ProxyServer::inherit(std::vector<InheritedSocket> sockets) { inherited_ = std::move(sockets); }

std::optional<std::string> ProxyServer::listen(const std::vector<config::Listener>& listeners) {
  if (draining_) return "the proxy is draining and listens to nothing new";
  std::vector<BoundAddress> fresh;
  std::vector<Listening> wanted;
  for (const config::Listener& listener : listeners) {
    const std::string address = listener.address();
    const auto open = std::ranges::find(listening_, address, &Listening::configured);
    if (open != listening_.end()) {
      wanted.push_back(*open);
      continue;
    }
    const InheritedSocket* inherited = find_inherited(inherited_, listener.host, listener.port);
    auto bound = inherited != nullptr ? share_inherited(listener, *inherited, workers_.size())
                                      : bind_listener(listener, workers_.size());
    if (auto* failure = std::get_if<std::string>(&bound)) return *failure;
    auto& sockets = std::get<BoundAddress>(bound);
    wanted.push_back({sockets.configured, sockets.bound});
    fresh.push_back(std::move(sockets));
  }
  for (const Listening& old : listening_) {
    if (std::ranges::find(wanted, old.configured, &Listening::configured) != wanted.end()) continue;
    for (auto& worker : workers_) worker->remove_listener(old.configured);
  }
  for (BoundAddress& bound : fresh) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->add_listener(bound.configured, std::move(bound.sockets[i]));
    }
  }
  listening_ = std::move(wanted);
  return std::nullopt;
}

std::vector<std::string> ProxyServer::listening() const {
  std::vector<std::string> result;
  for (const Listening& listening : listening_) result.push_back(listening.bound);
  return result;
}

void ProxyServer::start(std::shared_ptr<const RoutingSnapshot> first) {
  for (auto& worker : workers_) {
    worker->install(first);
    worker->start();
  }
}

void ProxyServer::publish(std::shared_ptr<const RoutingSnapshot> snapshot) {
  for (auto& worker : workers_) worker->install(snapshot);
}

std::size_t ProxyServer::workers() const { return workers_.size(); }

std::uint64_t ProxyServer::applied_version(std::size_t worker) const {
  return workers_[worker]->cells().applied_version.value();
}

void ProxyServer::rotate_ticket_keys() {
  TlsTicketKey key = TlsTicketKey::make();
  for (auto& worker : workers_) worker->add_ticket_key(key);
}

void ProxyServer::begin_drain() {
  for (auto& worker : workers_) worker->begin_drain();
  listening_.clear();
  draining_ = true;
}

bool ProxyServer::drained() const {
  return std::ranges::all_of(workers_, [](const auto& worker) {
    return worker->draining() && worker->cells().connections_open.value() == 0;
  });
}

void ProxyServer::stop() {
  for (auto& worker : workers_) worker->stop();
}

const WorkerCells& ProxyServer::cells(std::size_t worker) const {
  return workers_[worker]->cells();
}

std::chrono::nanoseconds ProxyServer::cpu_time() const {
  std::chrono::nanoseconds total{0};
  for (const auto& worker : workers_) total += worker->cpu().used();
  return total;
}

AccessLog& ProxyServer::access_log(std::size_t worker) { return workers_[worker]->access_log(); }

}  // namespace ficus::proxy
