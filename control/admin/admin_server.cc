#include "control/admin/admin_server.h"

#include <pthread.h>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "control/admin/endpoints.h"
#include "control/admin/http_listener.h"
#include "control/descriptors.h"

namespace ficus::control {
namespace {

constexpr std::size_t kAdminConnections = 64;

template <class T>
HttpListener::Address address_of(const T& configured) {
  return {configured.host, configured.port, configured.at};
}

}  // namespace

class AdminServer::Loop {
 public:
  // What comes by another way than loopback is another listener with another table: no request
  // there can reach what changes something.
  Loop(const AdminContext& context, Log& log)
      : admin_(io_.get_executor(), log,
               {"admin", kAdminConnections, HttpListener::GivesWay::while_it_asks,
                [&context](const AdminRequest& request, const AdminReply& reply) {
                  answer(context, request, reply);
                }}),
        metrics_(io_.get_executor(), log,
                 {"metrics", kMetricsConnections, HttpListener::GivesWay::always,
                  [&context](const AdminRequest& request, const AdminReply& reply) {
                    answer_metrics(context, request, reply);
                  }}) {}

  HttpListener& admin() { return admin_; }
  HttpListener& metrics() { return metrics_; }

  void start(proxy::ThreadClock& cpu) {
    for (HttpListener* listener : {&admin_, &metrics_}) {
      if (!listener->address().empty()) listener->start();
    }
    thread_ = std::thread([this, &cpu] {
      const proxy::ThreadClock::Running running(cpu);
      ::pthread_setname_np(::pthread_self(), "ficus-admin");
      io_.run();
    });
  }

  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  boost::asio::io_context io_{1};
  HttpListener admin_;
  HttpListener metrics_;
  std::thread thread_;
};

AdminServer::AdminServer(AdminContext context, Log& log)
    : context_(std::move(context)), loop_(std::make_unique<Loop>(context_, log)) {}

AdminServer::~AdminServer() { stop(); }

std::optional<std::string> AdminServer::listen(const config::Admin& admin,
                                               const proxy::InheritedSocket* inherited) {
  return loop_->admin().listen(address_of(admin), inherited);
}

std::optional<std::string> AdminServer::listen(const config::Metrics& metrics,
                                               const proxy::InheritedSocket* inherited) {
  return loop_->metrics().listen(address_of(metrics), inherited);
}

void AdminServer::start() { loop_->start(cpu_); }

// The loop itself stays: answers that are still under way refer to it.
void AdminServer::stop() { loop_->stop(); }

std::string AdminServer::address() const { return loop_->admin().address(); }
std::string AdminServer::metrics_address() const { return loop_->metrics().address(); }

}  // namespace ficus::control
